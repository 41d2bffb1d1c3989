// What each kind of link puts into a message is read by libnl-route, which did not write it, and by
// what reads the answers of the kernel.
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/route/link.h>
#include <netlink/route/link/ipvlan.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/link/vrf.h>

#include "netlink/link.h"

namespace cni {
namespace {

using LinkHandle = Handle<rtnl_link, rtnl_link_put>;
LinkHandle read_link(const NlRequest& request) {
    const Handle<nl_msg, nlmsg_free> message(nlmsg_convert(request.message.raw()));
    nlmsg_set_proto(message.get(), NETLINK_ROUTE);
    rtnl_link* link = nullptr;
    const auto keep = [](nl_object* object, void* kept) {
        nl_object_get(object);
        *static_cast<rtnl_link**>(kept) = reinterpret_cast<rtnl_link*>(object);
    };
    EXPECT_EQ(nl_msg_parse(message.get(), keep, &link), 0);
    return LinkHandle(link);
}

NlRequest add(const NewKind& kind) {
    return add_link({.name = "eth0", .parent = 7, .kind = kind});
}

// As this project reads it.
template <typename Kind>
Kind read_back(const Kind& kind) {
    const Link link = parse_link(add(kind).message.raw());
    EXPECT_EQ(link.name, "eth0");
    EXPECT_EQ(link.kind_name(), Kind::name);
    EXPECT_TRUE(link.is<Kind>());
    return link.is<Kind>() ? *link.as<Kind>() : Kind{};
}

std::string type_of(const NlRequest& request) {
    const auto link = read_link(request);
    const char* type = link ? rtnl_link_get_type(link.get()) : nullptr;
    return type ? type : "none";
}

TEST(LinkKind, AreCalledAsTheKernelCallsThem) {
    EXPECT_EQ(type_of(add(Dummy{})), "dummy");
    EXPECT_EQ(type_of(add(Bridge{})), "bridge");
    EXPECT_EQ(type_of(add(Macvlan{})), "macvlan");
    EXPECT_EQ(type_of(add(Ipvlan{})), "ipvlan");
    EXPECT_EQ(type_of(add(Vlan{})), "vlan");
    EXPECT_EQ(type_of(add(Vrf{.table = 10})), "vrf");
    EXPECT_EQ(type_of(add(Ifb{})), "ifb");
}

TEST(LinkKind, HaveTheirPlaceInTheMessage) {
    const Netns here = Netns::current();
    const NewLink wanted{.name = "net1",
                         .mac = Mac::parse("02:00:00:00:00:01"),
                         .mtu = 1400,
                         .netns = &here,
                         .parent = 7,
                         .parent_netnsid = 3,
                         .master = 9,
                         .kind = Dummy{}};
    const auto link = read_link(add_link(wanted));
    ASSERT_TRUE(link);
    EXPECT_STREQ(rtnl_link_get_name(link.get()), "net1");
    EXPECT_EQ(rtnl_link_get_mtu(link.get()), 1400U);
    EXPECT_EQ(rtnl_link_get_link(link.get()), 7);
    EXPECT_EQ(rtnl_link_get_master(link.get()), 9);
    EXPECT_EQ(rtnl_link_get_ns_fd(link.get()), here.fd());
    int netnsid = -1;
    EXPECT_EQ(rtnl_link_get_link_netnsid(link.get(), &netnsid), 0);
    EXPECT_EQ(netnsid, 3);
    char mac[32] = {};
    EXPECT_STREQ(nl_addr2str(rtnl_link_get_addr(link.get()), mac, sizeof mac), "02:00:00:00:00:01");
}

// Attributes that are left to the kernel are not there.
TEST(LinkKind, SayNothingThatNobodyAskedFor) {
    const NlRequest request = add_link({.name = "d0", .kind = Dummy{}});
    const NlAttributes<IFLA_MAX> attributes(request.message.raw(), sizeof(ifinfomsg));
    for (int attribute = 0; attribute <= IFLA_MAX; ++attribute)
        EXPECT_EQ(attributes[attribute] != nullptr,
                  attribute == IFLA_IFNAME || attribute == IFLA_LINKINFO)
            << attribute;
    EXPECT_EQ(request.act, "failed to create dummy d0");
}

// The kernel tells no settings of a veth, and libnl-route cannot read any: it reads each end as a
// message of its own.
LinkHandle read_end(std::span<const std::uint8_t> header_and_attributes) {
    NlMessage message(RTM_NEWLINK, 0);
    const auto* header = reinterpret_cast<const ifinfomsg*>(header_and_attributes.data());
    message.header(*header);
    const auto rest = header_and_attributes.subspan(sizeof *header);
    const NlAttributes<IFLA_MAX> attributes(reinterpret_cast<const nlattr*>(rest.data()),
                                            static_cast<int>(rest.size()));
    for (int attribute = 0; attribute <= IFLA_MAX; ++attribute)
        if (attribute != IFLA_LINKINFO && attributes[attribute])
            message.put(attribute, attributes.bytes(attribute));
    return read_link({std::move(message), "read one end"});
}

TEST(LinkKind, VethHasBothEndsWithOneQueueEach) {
    const Netns there = Netns::current();
    const NlRequest request =
        add_link({.name = "veth1",
                  .mtu = 1400,
                  .kind = Veth{.peer = {.name = "eth0",
                                        .mac = Mac::parse("02:00:00:00:00:02"),
                                        .mtu = 1300,
                                        .netns = &there}}});
    EXPECT_EQ(request.act, "failed to make veth pair veth1 and eth0");
    EXPECT_EQ(parse_link(request.message.raw()).kind_name(), "veth");
    const LinkHandle own = read_end(request.message.bytes().subspan(NLMSG_HDRLEN));
    ASSERT_TRUE(own);
    EXPECT_STREQ(rtnl_link_get_name(own.get()), "veth1");
    EXPECT_EQ(rtnl_link_get_num_tx_queues(own.get()), 1U);
    EXPECT_EQ(rtnl_link_get_num_rx_queues(own.get()), 1U);
    EXPECT_EQ(rtnl_link_get_txqlen(own.get()), 0U);
    EXPECT_EQ(rtnl_link_get_mtu(own.get()), 1400U);

    const NlAttributes<IFLA_MAX> attributes(request.message.raw(), sizeof(ifinfomsg));
    const NlAttributes<IFLA_INFO_MAX> info(attributes[IFLA_LINKINFO]);
    const NlAttributes<VETH_INFO_MAX> settings(info[IFLA_INFO_DATA]);
    const LinkHandle peer = read_end(settings.bytes(VETH_INFO_PEER));
    ASSERT_TRUE(peer);
    EXPECT_STREQ(rtnl_link_get_name(peer.get()), "eth0");
    EXPECT_EQ(rtnl_link_get_mtu(peer.get()), 1300U);
    EXPECT_EQ(rtnl_link_get_num_tx_queues(peer.get()), 1U);
    EXPECT_EQ(rtnl_link_get_num_rx_queues(peer.get()), 1U);
    EXPECT_EQ(rtnl_link_get_ns_fd(peer.get()), there.fd());
    char mac[32] = {};
    EXPECT_STREQ(nl_addr2str(rtnl_link_get_addr(peer.get()), mac, sizeof mac), "02:00:00:00:00:02");
}

TEST(LinkKind, BridgeKeepsItsSettings) {
    for (const bool filtering : {false, true})
        EXPECT_EQ(read_back(Bridge{.vlan_filtering = filtering}).vlan_filtering, filtering);
    // A kernel without VLAN filtering takes no attribute about it.
    const NlRequest request = add(Bridge{});
    const NlAttributes<IFLA_MAX> attributes(request.message.raw(), sizeof(ifinfomsg));
    EXPECT_EQ(NlAttributes<IFLA_INFO_MAX>(attributes[IFLA_LINKINFO])[IFLA_INFO_DATA], nullptr);
}

TEST(LinkKind, BridgePortKeepsItsSettings) {
    for (const BridgePort port : {BridgePort{true, false}, BridgePort{false, true}}) {
        const NlRequest request = set_bridge_port({.index = 7, .name = "eth0"}, port);
        const NlAttributes<IFLA_MAX> attributes(request.message.raw(), sizeof(ifinfomsg));
        EXPECT_EQ(BridgePort::parse(attributes[IFLA_PROTINFO]), port);
    }
}

TEST(LinkKind, MacvlanKeepsItsSettings) {
    for (const auto& [name, mode] : Macvlan::modes) {
        const Macvlan macvlan{.mode = mode, .broadcast_queue = 2000};
        EXPECT_EQ(read_back(macvlan), macvlan) << name;
        const auto link = read_link(add(macvlan));
        ASSERT_TRUE(link);
        EXPECT_EQ(rtnl_link_macvlan_get_mode(link.get()),
                  static_cast<unsigned>(rtnl_link_macvlan_str2mode(std::string(name).c_str())));
    }
    EXPECT_EQ(read_back(Macvlan{}), Macvlan{});
}

TEST(LinkKind, IpvlanKeepsItsSettings) {
    for (const auto& [name, mode] : Ipvlan::modes) {
        const Ipvlan ipvlan{.mode = mode, .isolation = Ipvlan::Isolation::isolated};
        EXPECT_EQ(read_back(ipvlan), ipvlan) << name;
        const auto link = read_link(add(ipvlan));
        ASSERT_TRUE(link);
        std::uint16_t seen = 99;
        EXPECT_EQ(rtnl_link_ipvlan_get_mode(link.get(), &seen), 0);
        EXPECT_EQ(seen, static_cast<std::uint16_t>(mode));
    }
    for (const auto& [name, isolation] : Ipvlan::isolations)
        EXPECT_EQ(read_back(Ipvlan{.isolation = isolation}).isolation, isolation) << name;
}

TEST(LinkKind, VlanKeepsItsSettings) {
    for (const auto& [name, protocol] : Vlan::protocols) {
        const Vlan vlan{.id = 4094, .protocol = protocol};
        EXPECT_EQ(read_back(vlan), vlan) << name;
        const auto link = read_link(add(vlan));
        ASSERT_TRUE(link);
        EXPECT_EQ(rtnl_link_vlan_get_id(link.get()), 4094);
        // It leaves the byte order to its users.
        EXPECT_EQ(rtnl_link_vlan_get_protocol(link.get()),
                  static_cast<int>(htons(static_cast<std::uint16_t>(protocol))));
    }
}

TEST(LinkKind, VrfKeepsItsTable) {
    const Vrf vrf{.table = 4000000000};
    EXPECT_EQ(read_back(vrf), vrf);
    const auto link = read_link(add(vrf));
    ASSERT_TRUE(link);
    std::uint32_t table = 0;
    EXPECT_EQ(rtnl_link_vrf_get_tableid(link.get(), &table), 0);
    EXPECT_EQ(table, 4000000000U);
}

TEST(LinkKind, WithoutSettingsAreReadBack) {
    EXPECT_EQ(read_back(Dummy{}), Dummy{});
    EXPECT_EQ(read_back(Ifb{}), Ifb{});
}

TEST(LinkKind, OthersKeepTheirName) {
    EXPECT_EQ(parse_kind("bond", nullptr), LinkKind(OtherKind{"bond"}));
    EXPECT_EQ(name_of(parse_kind("bond", nullptr)), "bond");
    EXPECT_EQ(Link{}.kind_name(), "");
    EXPECT_FALSE(Link{}.is<Veth>());
    EXPECT_EQ(Link{}.as<Vlan>(), nullptr);
}

// As of a kernel that has what this one has not.
TEST(LinkKind, AreReadWithoutTheirSettings) {
    for (const std::string_view name :
         {"dummy", "veth", "bridge", "macvlan", "ipvlan", "vlan", "vrf", "ifb", "tun"})
        EXPECT_EQ(name_of(parse_kind(name, nullptr)), name);
}

TEST(LinkKind, ModesAreNamedOnce) {
    EXPECT_EQ(find_value(Macvlan::modes, "private"), Macvlan::Mode::isolated);
    EXPECT_EQ(find_value(Macvlan::modes, "Bridge"), std::nullopt);
    EXPECT_EQ(name_of(Ipvlan::modes, Ipvlan::Mode::l3s), "l3s");
    EXPECT_EQ(name_of(Macvlan::modes, Macvlan::Mode(77)), "unknown");
    EXPECT_EQ(join(names_of(Ipvlan::modes), ", "), "l2, l3, l3s");
}

}  // namespace
}  // namespace cni
