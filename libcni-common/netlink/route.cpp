#include "netlink/route.h"

#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

namespace cni {
namespace {

using RouteHandle = Handle<rtnl_route, rtnl_route_put>;
using NlAddrHandle = Handle<nl_addr, nl_addr_put>;

NlAddrHandle to_nl(const Prefix& prefix) {
    NlAddrHandle addr(nl_addr_build(prefix.ip.af(), prefix.ip.data(), prefix.ip.size()));
    if (!addr) throw std::bad_alloc();
    nl_addr_set_prefixlen(addr.get(), prefix.length);
    return addr;
}

// nullopt for what is no address of that family.
std::optional<Ip> from_nl(nl_addr* addr, Family family) {
    const Ip blank = Ip::any(family);
    if (!addr || nl_addr_get_family(addr) != blank.af() || nl_addr_get_len(addr) != blank.size())
        return {};
    return Ip::from_bytes(family, nl_addr_get_binary_addr(addr));
}

int default_scope(const RouteSpec& route) {
    return route.destination.ip.is_v4() && !route.gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

std::string act(const Link& link, const RouteSpec& route) {
    return cat("failed to add route '", route.destination.to_string(), " via ",
               route.gateway ? route.gateway->to_string() : "none", " dev ", link.name, " metric ",
               route.priority, " (Scope: ", route.scope.value_or(default_scope(route)),
               ", Table: ", route.table, ")'");
}

int metric(rtnl_route* route, int which) {
    unsigned value = 0;
    return rtnl_route_get_metric(route, which, &value) < 0 ? 0 : static_cast<int>(value);
}

void collect(std::vector<RouteSpec>& found, rtnl_route* route, const Link& link, Family family) {
    nl_addr* destination = rtnl_route_get_dst(route);
    RouteSpec spec;
    spec.destination = Prefix::everything(family);
    if (const auto ip = from_nl(destination, family))
        spec.destination = {*ip, static_cast<int>(nl_addr_get_prefixlen(destination))};
    spec.source = from_nl(rtnl_route_get_pref_src(route), family);
    spec.mtu = metric(route, RTAX_MTU);
    spec.advmss = metric(route, RTAX_ADVMSS);
    spec.priority = static_cast<int>(rtnl_route_get_priority(route));
    spec.table = static_cast<int>(rtnl_route_get_table(route));
    spec.scope = rtnl_route_get_scope(route);
    for (int i = 0; i < rtnl_route_get_nnexthops(route); ++i) {
        rtnl_nexthop* hop = rtnl_route_nexthop_n(route, i);
        if (rtnl_route_nh_get_ifindex(hop) != link.index) continue;
        spec.gateway = from_nl(rtnl_route_nh_get_gateway(hop), family);
        spec.on_link = (rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK) != 0;
        found.push_back(spec);
    }
}

}  // namespace

NlRequest add_route(const Link& link, const RouteSpec& route) {
    RouteHandle object(rtnl_route_alloc());
    Handle<rtnl_nexthop, rtnl_route_nh_free> hop(rtnl_route_nh_alloc());
    if (!object || !hop) throw std::bad_alloc();
    rtnl_route_set_family(object.get(), static_cast<std::uint8_t>(route.destination.ip.af()));
    rtnl_route_set_dst(object.get(), to_nl(route.destination).get());
    rtnl_route_set_protocol(object.get(), RTPROT_BOOT);
    rtnl_route_set_type(object.get(), RTN_UNICAST);
    rtnl_route_set_scope(object.get(),
                         static_cast<std::uint8_t>(route.scope.value_or(default_scope(route))));
    rtnl_route_set_table(object.get(), route.table ? static_cast<unsigned>(route.table)
                                                   : static_cast<unsigned>(RT_TABLE_MAIN));
    if (route.priority > 0)
        rtnl_route_set_priority(object.get(), static_cast<unsigned>(route.priority));
    if (route.mtu > 0)
        rtnl_route_set_metric(object.get(), RTAX_MTU, static_cast<unsigned>(route.mtu));
    if (route.advmss > 0)
        rtnl_route_set_metric(object.get(), RTAX_ADVMSS, static_cast<unsigned>(route.advmss));
    if (route.source)
        rtnl_route_set_pref_src(object.get(), to_nl(Prefix::host(*route.source)).get());
    if (route.on_link) rtnl_route_set_flags(object.get(), RTNH_F_ONLINK);
    rtnl_route_nh_set_ifindex(hop.get(), link.index);
    if (route.gateway)
        rtnl_route_nh_set_gateway(hop.get(), to_nl(Prefix::host(*route.gateway)).get());
    rtnl_route_add_nexthop(object.get(), hop.release());

    nl_msg* message = nullptr;
    if (rtnl_route_build_add_request(object.get(), NLM_F_CREATE, &message) < 0)
        throw std::bad_alloc();
    return {NlMessage(message), act(link, route)};
}

NlRequest ensure_route(const Link& link, const RouteSpec& route) {
    NlRequest request = add_route(link, route);
    request.tolerated = EEXIST;
    return request;
}

NlRequest prefer_route(const Link& link, const RouteSpec& route) {
    NlRequest request = ensure_route(link, route);
    // IPv4 puts a new route ahead of its equals, IPv6 behind them.
    if (!route.destination.ip.is_v4()) request.message.raw()->nlmsg_flags |= NLM_F_REPLACE;
    return request;
}

std::vector<RouteSpec> routes(Rtnl& rtnl, const Link& link, Family family) {
    std::vector<RouteSpec> found;
    const auto query = [&] {
        rtmsg header{};
        header.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
        NlMessage message(RTM_GETROUTE, 0);
        message.header(header).put_u32(RTA_OIF, static_cast<unsigned>(link.index));
        return message;
    };
    const auto visit = [&](const nlmsghdr* m) {
        rtnl_route* parsed = nullptr;
        if (rtnl_route_parse(const_cast<nlmsghdr*>(m), &parsed) < 0) return;
        const RouteHandle route(parsed);
        collect(found, route.get(), link, family);
    };
    rtnl.dump(query, cat("list routes of ", link.name), visit, [&] { found.clear(); });
    return found;
}

std::optional<Decision> find_route(Rtnl& rtnl, const Ip& ip) {
    NlMessage message(RTM_GETROUTE, 0);
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(ip.af());
    header.rtm_dst_len = static_cast<unsigned char>(ip.bits());
    message.header(header).put(RTA_DST, ip.data(), ip.size());
    // What routes say that lead nowhere.
    std::vector<NlRequest> one;
    one.push_back({std::move(message),
                   cat("look for the route to ", ip.to_string()),
                   ENETUNREACH,
                   {EHOSTUNREACH, EACCES, EINVAL}});
    std::optional<Decision> found;
    rtnl.transact(std::move(one), [&](const nlmsghdr* answer) {
        const NlAttributes<RTA_MAX> attributes(answer, sizeof(rtmsg));
        found = {static_cast<const rtmsg*>(nlmsg_data(answer))->rtm_type,
                 attributes.get_or<int>(RTA_OIF, 0)};
    });
    return found;
}

bool is_local(Rtnl& rtnl, const Ip& ip) {
    const auto route = find_route(rtnl, ip);
    return route && route->type == RTN_LOCAL;
}

}  // namespace cni
