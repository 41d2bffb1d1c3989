#include "netlink/route.h"

#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <algorithm>

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

int default_scope(const RouteSpec& route) {
    return route.destination.ip.is_v4() && !route.gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

std::string act(const Link& link, const RouteSpec& route) {
    return cat("failed to add route '", route.destination.to_string(), " via ",
               route.gateway ? route.gateway->to_string() : "none", " dev ", link.name, " metric ",
               route.priority, " (Scope: ", route.scope.value_or(default_scope(route)),
               ", Table: ", route.table, ")'");
}

// nullopt for what is no address of that family.
std::optional<Ip> to_ip(std::span<const std::uint8_t> bytes, Family family) {
    if (bytes.size() != Ip::any(family).size()) return {};
    return Ip::from_bytes(family, bytes.data());
}

using Attributes = NlAttributes<RTA_MAX>;

int number(const Attributes& attributes, int attribute, std::uint32_t otherwise) {
    return static_cast<int>(attributes.get_or<std::uint32_t>(attribute, otherwise));
}

// Calls `visit` with index, flags and attributes of each next hop.
template <typename Visit>
void each_next_hop(const rtmsg& header, const Attributes& attributes, Visit visit) {
    if (!attributes[RTA_MULTIPATH])
        return visit(number(attributes, RTA_OIF, 0), header.rtm_flags, attributes);
    auto rest = attributes.bytes(RTA_MULTIPATH);
    while (rest.size() >= sizeof(rtnexthop)) {
        const auto* hop = reinterpret_cast<const rtnexthop*>(rest.data());
        if (hop->rtnh_len < sizeof *hop || hop->rtnh_len > rest.size()) return;
        const auto* first = reinterpret_cast<const nlattr*>(rest.data() + sizeof *hop);
        visit(hop->rtnh_ifindex, hop->rtnh_flags,
              Attributes(first, hop->rtnh_len - static_cast<int>(sizeof *hop)));
        const auto step = static_cast<std::size_t>(RTNH_ALIGN(hop->rtnh_len));
        rest = rest.subspan(std::min(rest.size(), step));
    }
}

// Not with libnl's parser, which trusts the lengths in a message.
void collect(std::vector<RouteSpec>& found, const nlmsghdr* message, const Link& link,
             Family family) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(rtmsg))) return;
    const auto* header = static_cast<const rtmsg*>(nlmsg_data(message));
    const Ip any = Ip::any(family);
    if (header->rtm_family != any.af() || header->rtm_dst_len > any.bits()) return;
    const Attributes attributes(message, sizeof *header);
    RouteSpec spec;
    spec.destination = {to_ip(attributes.bytes(RTA_DST), family).value_or(any),
                        header->rtm_dst_len};
    spec.source = to_ip(attributes.bytes(RTA_PREFSRC), family);
    if (attributes[RTA_METRICS]) {
        const NlAttributes<RTAX_MAX> metrics(attributes[RTA_METRICS]);
        spec.mtu = metrics.get_or<int>(RTAX_MTU, 0);
        spec.advmss = metrics.get_or<int>(RTAX_ADVMSS, 0);
    }
    spec.priority = number(attributes, RTA_PRIORITY, 0);
    spec.table = number(attributes, RTA_TABLE, header->rtm_table);
    spec.scope = header->rtm_scope;
    each_next_hop(*header, attributes, [&](int index, unsigned flags, const Attributes& hop) {
        if (index != link.index) return;
        spec.gateway = to_ip(hop.bytes(RTA_GATEWAY), family);
        spec.on_link = (flags & RTNH_F_ONLINK) != 0;
        found.push_back(spec);
    });
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
    const auto visit = [&](const nlmsghdr* m) { collect(found, m, link, family); };
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
        if (nlmsg_datalen(answer) < static_cast<int>(sizeof(rtmsg))) return;
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
