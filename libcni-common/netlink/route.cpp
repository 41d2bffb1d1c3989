#include "netlink/route.h"

#include <linux/rtnetlink.h>

#include <algorithm>

namespace cni {
namespace {

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

void put_ip(NlMessage& message, int attribute, const Ip& ip) {
    message.put(attribute, ip.data(), ip.size());
}

void put_metrics(NlMessage& message, const RouteSpec& route) {
    if (route.mtu <= 0 && route.advmss <= 0) return;
    message.nest(RTA_METRICS, [&] {
        if (route.mtu > 0) message.put_u32(RTAX_MTU, static_cast<unsigned>(route.mtu));
        if (route.advmss > 0) message.put_u32(RTAX_ADVMSS, static_cast<unsigned>(route.advmss));
    });
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
    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(route.destination.ip.af());
    header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
    header.rtm_table = RT_TABLE_UNSPEC;  // RTA_TABLE has the number: one byte is not enough
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = static_cast<std::uint8_t>(route.scope.value_or(default_scope(route)));
    header.rtm_type = RTN_UNICAST;
    header.rtm_flags = route.on_link ? RTNH_F_ONLINK : 0;
    NlMessage message(RTM_NEWROUTE, NLM_F_CREATE);
    message.header(header);
    put_ip(message, RTA_DST, route.destination.ip);
    message.put_u32(RTA_TABLE, route.table ? static_cast<unsigned>(route.table)
                                           : static_cast<unsigned>(RT_TABLE_MAIN));
    message.put_u32(RTA_OIF, static_cast<unsigned>(link.index));
    if (route.gateway) put_ip(message, RTA_GATEWAY, *route.gateway);
    if (route.source) put_ip(message, RTA_PREFSRC, *route.source);
    if (route.priority > 0) message.put_u32(RTA_PRIORITY, static_cast<unsigned>(route.priority));
    put_metrics(message, route);
    return {std::move(message), act(link, route)};
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

std::vector<int> links_of_routes(Rtnl& rtnl, Family family, std::uint8_t protocol, int only) {
    std::vector<int> found;
    const auto query = [&] {
        rtmsg header{};
        header.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
        header.rtm_protocol = protocol;
        NlMessage message(RTM_GETROUTE, 0);
        message.header(header);
        if (only != 0) message.put_u32(RTA_OIF, static_cast<unsigned>(only));
        return message;
    };
    const auto visit = [&](const nlmsghdr* m) {
        if (nlmsg_datalen(m) < static_cast<int>(sizeof(rtmsg))) return;
        const auto* header = static_cast<const rtmsg*>(nlmsg_data(m));
        // Kernels choose by some of what was asked for.
        if (header->rtm_family != Ip::any(family).af() || header->rtm_protocol != protocol) return;
        each_next_hop(*header, Attributes(m, sizeof *header),
                      [&](int index, unsigned, const Attributes&) {
                          if (only == 0 || index == only) found.push_back(index);
                      });
    };
    rtnl.dump(query, "list routes", visit, [&] { found.clear(); });
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
