// libnl-route, which did not write them, reads the messages as they are meant.
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include "netlink/address.h"
#include "netlink/route.h"

namespace cni {
namespace {

Link link_number(int index) {
    Link link;
    link.index = index;
    link.name = "eth0";
    return link;
}

std::string text_of(nl_addr* addr) {
    char text[INET6_ADDRSTRLEN + 4] = "none";
    return addr ? nl_addr2str(addr, text, sizeof text) : text;
}

using RouteHandle = Handle<rtnl_route, rtnl_route_put>;
RouteHandle read_route(const NlRequest& request) {
    rtnl_route* route = nullptr;
    EXPECT_EQ(rtnl_route_parse(request.message.raw(), &route), 0);
    return RouteHandle(route);
}

using AddressHandle = Handle<rtnl_addr, rtnl_addr_put>;
AddressHandle read_address(const NlRequest& request) {
    const Handle<nl_msg, nlmsg_free> message(nlmsg_convert(request.message.raw()));
    nlmsg_set_proto(message.get(), NETLINK_ROUTE);
    rtnl_addr* address = nullptr;
    const auto keep = [](nl_object* object, void* kept) {
        nl_object_get(object);
        *static_cast<rtnl_addr**>(kept) = reinterpret_cast<rtnl_addr*>(object);
    };
    EXPECT_EQ(nl_msg_parse(message.get(), keep, &address), 0);
    return AddressHandle(address);
}

TEST(RtnetlinkMessage, HasARouteWithAllItsParts) {
    const Route spec{.dst = *Prefix::parse("10.1.0.0/16"),
                     .gw = Ip::parse("10.9.0.1"),
                     .source = Ip::parse("10.9.0.7"),
                     .on_link = true,
                     .mtu = 1400,
                     .advmss = 1300,
                     .priority = 50,
                     .table = 1000};
    const auto route = read_route(add_route(link_number(7), spec));
    ASSERT_TRUE(route);
    EXPECT_EQ(text_of(rtnl_route_get_dst(route.get())), "10.1.0.0/16");
    EXPECT_EQ(text_of(rtnl_route_get_pref_src(route.get())), "10.9.0.7");
    EXPECT_EQ(rtnl_route_get_table(route.get()), 1000U);
    EXPECT_EQ(rtnl_route_get_priority(route.get()), 50U);
    EXPECT_EQ(rtnl_route_get_type(route.get()), RTN_UNICAST);
    EXPECT_EQ(rtnl_route_get_scope(route.get()), RT_SCOPE_UNIVERSE);
    unsigned mtu = 0, advmss = 0;
    EXPECT_EQ(rtnl_route_get_metric(route.get(), RTAX_MTU, &mtu), 0);
    EXPECT_EQ(rtnl_route_get_metric(route.get(), RTAX_ADVMSS, &advmss), 0);
    EXPECT_EQ(mtu, 1400U);
    EXPECT_EQ(advmss, 1300U);
    ASSERT_EQ(rtnl_route_get_nnexthops(route.get()), 1);
    rtnl_nexthop* hop = rtnl_route_nexthop_n(route.get(), 0);
    EXPECT_EQ(rtnl_route_nh_get_ifindex(hop), 7);
    EXPECT_EQ(text_of(rtnl_route_nh_get_gateway(hop)), "10.9.0.1");
    EXPECT_NE(rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK, 0U);
}

TEST(RtnetlinkMessage, HasADefaultRouteOfIpv6) {
    const Route spec{.dst = *Prefix::parse("::/0"), .gw = Ip::parse("fd00::1")};
    const auto route = read_route(add_route(link_number(3), spec));
    ASSERT_TRUE(route);
    EXPECT_EQ(rtnl_route_get_family(route.get()), AF_INET6);
    EXPECT_EQ(nl_addr_get_prefixlen(rtnl_route_get_dst(route.get())), 0U);
    EXPECT_EQ(rtnl_route_get_table(route.get()), static_cast<unsigned>(RT_TABLE_MAIN));
    EXPECT_EQ(text_of(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(route.get(), 0))), "fd00::1");
}

TEST(RtnetlinkMessage, HasEveryWayOfARoute) {
    Route several{.dst = *Prefix::parse("10.1.0.0/16"), .protocol = RTPROT_DHCP, .tos = 16};
    several.next_hops = {{.link = 7, .gateway = Ip::parse("10.9.0.1"), .weight = 256},
                         {.link = 8, .gateway = Ip::parse("fd00::1"), .on_link = true}};
    const auto route = read_route(add_route(link_number(3), several));
    ASSERT_TRUE(route);
    EXPECT_EQ(rtnl_route_get_protocol(route.get()), RTPROT_DHCP);
    EXPECT_EQ(rtnl_route_get_tos(route.get()), 16);
    EXPECT_EQ(rtnl_route_get_scope(route.get()), RT_SCOPE_UNIVERSE);
    ASSERT_EQ(rtnl_route_get_nnexthops(route.get()), 2);
    rtnl_nexthop* first = rtnl_route_nexthop_n(route.get(), 0);
    EXPECT_EQ(rtnl_route_nh_get_ifindex(first), 7);
    EXPECT_EQ(text_of(rtnl_route_nh_get_gateway(first)), "10.9.0.1");
    EXPECT_EQ(rtnl_route_nh_get_weight(first), 255);
    rtnl_nexthop* second = rtnl_route_nexthop_n(route.get(), 1);
    EXPECT_EQ(rtnl_route_nh_get_ifindex(second), 8);
    EXPECT_EQ(text_of(rtnl_route_nh_get_via(second)), "fd00::1");
    EXPECT_NE(rtnl_route_nh_get_flags(second) & RTNH_F_ONLINK, 0U);
}

TEST(RtnetlinkMessage, HasAnAddressWithItsBroadcast) {
    const auto address =
        read_address(add_address(link_number(7), *Prefix::parse("10.1.2.3/24"), Dad::off));
    ASSERT_TRUE(address);
    EXPECT_EQ(rtnl_addr_get_ifindex(address.get()), 7);
    EXPECT_EQ(text_of(rtnl_addr_get_local(address.get())), "10.1.2.3/24");
    EXPECT_EQ(text_of(rtnl_addr_get_broadcast(address.get())), "10.1.2.255");
}

TEST(RtnetlinkMessage, HasAnIpv6AddressThatIsNotLookedFor) {
    const auto address =
        read_address(add_address(link_number(7), *Prefix::parse("fd00::5/64"), Dad::off));
    ASSERT_TRUE(address);
    EXPECT_EQ(text_of(rtnl_addr_get_local(address.get())), "fd00::5/64");
    EXPECT_NE(rtnl_addr_get_flags(address.get()) & IFA_F_NODAD, 0U);
}

}  // namespace
}  // namespace cni
