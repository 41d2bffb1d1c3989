#include "netlink/route.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

namespace cni {
namespace {

using Attributes = NlAttributes<RTA_MAX>;

bool has_ways_of_its_own(const Route& route) {
    return !route.next_hops.empty() || route.next_hop_object != 0;
}

// As ip(8) has it: the kernel would take one without a gateway for one with.
int default_scope(const Route& route) {
    return route.dst.ip.is_v4() && !route.gw && !has_ways_of_its_own(route) ? RT_SCOPE_LINK
                                                                            : RT_SCOPE_UNIVERSE;
}

std::string describe(const Link& link, const Route& route) {
    return cat("route '", route.dst.to_string(), " via ", route.gw ? route.gw->to_string() : "none",
               " dev ", link.name, " metric ", route.priority,
               " (Scope: ", route.scope.value_or(default_scope(route)),
               ", Table: ", route.table.value_or(0), ")'");
}

void put_ip(NlMessage& message, int attribute, const Ip& ip) {
    message.put(attribute, ip.data(), ip.size());
}

// struct rtvia: what RTA_GATEWAY, which has the family of the route, cannot say.
void put_via(NlMessage& message, const Ip& gateway) {
    const auto family = static_cast<__kernel_sa_family_t>(gateway.af());
    std::vector<std::uint8_t> via(sizeof family + gateway.size());
    std::memcpy(via.data(), &family, sizeof family);
    std::memcpy(via.data() + sizeof family, gateway.data(), gateway.size());
    message.put(RTA_VIA, via);
}

void put_way(NlMessage& message, const NextHop& hop, Family family) {
    if (hop.gateway && hop.gateway->family() == family)
        put_ip(message, RTA_GATEWAY, *hop.gateway);
    else if (hop.gateway)
        put_via(message, *hop.gateway);
    if (hop.realms != 0) message.put_u32(RTA_FLOW, hop.realms);
    if (hop.encapsulation == 0) return;
    message.put_u16(RTA_ENCAP_TYPE, hop.encapsulation);
    message.put(RTA_ENCAP | NLA_F_NESTED, hop.encapsulation_settings);
}

// Each way is a struct rtnexthop with attributes of its own behind it, and its length includes
// them.
void append_way(std::vector<std::uint8_t>& ways, const NextHop& hop, Family family) {
    rtnexthop header{};
    header.rtnh_flags = hop.on_link ? RTNH_F_ONLINK : 0;
    header.rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
    header.rtnh_ifindex = hop.link;
    NlMessage way(RTM_NEWROUTE, 0);
    way.header(header);
    put_way(way, hop, family);
    const auto bytes = way.bytes().subspan(NLMSG_HDRLEN);
    header.rtnh_len = static_cast<std::uint16_t>(bytes.size());
    const auto start = ways.insert(ways.end(), bytes.begin(), bytes.end());
    std::memcpy(&*start, &header, sizeof header);
}

void put_ways(NlMessage& message, const Link& link, const Route& route) {
    // The kernel takes nothing else beside the number of a nexthop object.
    if (route.next_hop_object != 0) {
        message.put_u32(RTA_NH_ID, route.next_hop_object);
    } else if (!route.next_hops.empty()) {
        std::vector<std::uint8_t> ways;
        for (const NextHop& hop : route.next_hops) append_way(ways, hop, route.dst.ip.family());
        message.put(RTA_MULTIPATH, ways);
    } else {
        message.put_u32(RTA_OIF, static_cast<unsigned>(link.index));
        if (route.gw) put_ip(message, RTA_GATEWAY, *route.gw);
    }
}

void put_metrics(NlMessage& message, const Route& route) {
    if (route.mtu <= 0 && route.advmss <= 0 && route.metrics.empty() &&
        route.congestion_control.empty())
        return;
    message.nest(RTA_METRICS, [&] {
        if (route.mtu > 0) message.put_u32(RTAX_MTU, static_cast<unsigned>(route.mtu));
        if (route.advmss > 0) message.put_u32(RTAX_ADVMSS, static_cast<unsigned>(route.advmss));
        for (const RouteMetric& metric : route.metrics)
            message.put_u32(metric.number, metric.value);
        if (!route.congestion_control.empty())
            message.put_string(RTAX_CC_ALGO, route.congestion_control);
    });
}

rtmsg header_of(const Route& route) {
    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(route.dst.ip.af());
    header.rtm_dst_len = static_cast<std::uint8_t>(route.dst.length);
    if (route.from) header.rtm_src_len = static_cast<std::uint8_t>(route.from->length);
    header.rtm_tos = route.tos;
    header.rtm_table = RT_TABLE_UNSPEC;  // RTA_TABLE has the number: one byte is not enough
    header.rtm_protocol = static_cast<std::uint8_t>(route.protocol.value_or(RTPROT_BOOT));
    header.rtm_scope = static_cast<std::uint8_t>(route.scope.value_or(default_scope(route)));
    header.rtm_type = route.type != 0 ? route.type : static_cast<std::uint8_t>(RTN_UNICAST);
    header.rtm_flags = route.on_link ? RTNH_F_ONLINK : 0;
    return header;
}

NlMessage message_of(int type, int flags, const Link& link, const Route& route) {
    NlMessage message(type, flags);
    message.header(header_of(route));
    put_ip(message, RTA_DST, route.dst.ip);
    if (route.from) put_ip(message, RTA_SRC, route.from->ip);
    const auto table = static_cast<std::uint32_t>(route.table.value_or(0));
    message.put_u32(RTA_TABLE, table != 0 ? table : std::uint32_t{RT_TABLE_MAIN});
    put_ways(message, link, route);
    if (route.source) put_ip(message, RTA_PREFSRC, *route.source);
    if (route.priority > 0)
        message.put_u32(RTA_PRIORITY, static_cast<std::uint32_t>(route.priority));
    put_metrics(message, route);
    return message;
}

// nullopt for what is no address of that family.
std::optional<Ip> to_ip(std::span<const std::uint8_t> bytes, Family family) {
    if (bytes.size() != Ip::any(family).size()) return {};
    return Ip::from_bytes(family, bytes.data());
}

std::optional<Ip> parse_gateway(const Attributes& attributes, Family family) {
    if (const auto via = attributes.bytes(RTA_VIA); via.size() > sizeof(rtvia)) {
        const auto* its = reinterpret_cast<const rtvia*>(via.data());
        return to_ip(via.subspan(sizeof(rtvia)),
                     its->rtvia_family == AF_INET ? Family::v4 : Family::v6);
    }
    return to_ip(attributes.bytes(RTA_GATEWAY), family);
}

NextHop parse_way(int link, unsigned flags, int weight, const Attributes& attributes,
                  Family family) {
    NextHop hop{.link = link, .on_link = (flags & RTNH_F_ONLINK) != 0, .weight = weight};
    hop.gateway = parse_gateway(attributes, family);
    hop.realms = attributes.get_or<std::uint32_t>(RTA_FLOW, 0);
    hop.encapsulation = attributes.get_or<std::uint16_t>(RTA_ENCAP_TYPE, 0);
    const auto settings = attributes.bytes(RTA_ENCAP);
    hop.encapsulation_settings.assign(settings.begin(), settings.end());
    return hop;
}

// The kernel describes a single way in the attributes of the route itself.
std::vector<NextHop> parse_ways(const rtmsg& header, const Attributes& attributes, Family family) {
    if (!attributes[RTA_MULTIPATH])
        return {
            parse_way(attributes.get_or<int>(RTA_OIF, 0), header.rtm_flags, 1, attributes, family)};
    std::vector<NextHop> ways;
    auto rest = attributes.bytes(RTA_MULTIPATH);
    while (rest.size() >= sizeof(rtnexthop)) {
        const auto* hop = reinterpret_cast<const rtnexthop*>(rest.data());
        if (hop->rtnh_len < sizeof *hop || hop->rtnh_len > rest.size()) break;
        const auto* first = reinterpret_cast<const nlattr*>(rest.data() + sizeof *hop);
        ways.push_back(parse_way(hop->rtnh_ifindex, hop->rtnh_flags, hop->rtnh_hops + 1,
                                 Attributes(first, hop->rtnh_len - static_cast<int>(sizeof *hop)),
                                 family));
        const auto step = static_cast<std::size_t>(RTNH_ALIGN(hop->rtnh_len));
        rest = rest.subspan(std::min(rest.size(), step));
    }
    return ways;
}

bool leads_through(const std::vector<NextHop>& ways, int link) {
    return std::any_of(ways.begin(), ways.end(),
                       [&](const NextHop& hop) { return hop.link == link; });
}

bool is_plain(const NextHop& hop, Family family) {
    return hop.weight == 1 && hop.realms == 0 && hop.encapsulation == 0 &&
           (!hop.gateway || hop.gateway->family() == family);
}

// A single one without anything special is said by the members of the route.
void set_ways(Route& route, std::vector<NextHop> ways) {
    route.next_hops.clear();
    if (ways.size() == 1 && is_plain(ways.front(), route.dst.ip.family())) {
        route.gw = ways.front().gateway;
        route.on_link = ways.front().on_link;
    } else {
        route.next_hops = std::move(ways);
    }
}

void parse_metrics(Route& route, const nlattr* nest) {
    const NlAttributes<RTAX_MAX> metrics(nest);
    route.mtu = metrics.get_or<int>(RTAX_MTU, 0);
    route.advmss = metrics.get_or<int>(RTAX_ADVMSS, 0);
    route.congestion_control = metrics.string(RTAX_CC_ALGO);
    for (int number = 1; number <= RTAX_MAX; ++number) {
        if (number == RTAX_MTU || number == RTAX_ADVMSS || number == RTAX_CC_ALGO) continue;
        if (const auto* value = metrics.get<std::uint32_t>(number))
            route.metrics.push_back({number, *value});
    }
}

// Nothing of its ways, which may lead elsewhere.
Route parse_route(const rtmsg& header, const Attributes& attributes, Family family) {
    const Ip any = Ip::any(family);
    Route route;
    route.dst = {to_ip(attributes.bytes(RTA_DST), family).value_or(any), header.rtm_dst_len};
    if (header.rtm_src_len != 0)
        route.from = {to_ip(attributes.bytes(RTA_SRC), family).value_or(any), header.rtm_src_len};
    route.source = to_ip(attributes.bytes(RTA_PREFSRC), family);
    parse_metrics(route, attributes[RTA_METRICS]);
    route.priority = attributes.get_or<std::uint32_t>(RTA_PRIORITY, 0);
    route.table = attributes.get_or<int>(RTA_TABLE, header.rtm_table);
    route.scope = header.rtm_scope;
    route.protocol = header.rtm_protocol;
    route.type = header.rtm_type;
    route.tos = header.rtm_tos;
    route.next_hop_object = attributes.get_or<std::uint32_t>(RTA_NH_ID, 0);
    return route;
}

// Not with libnl's parser, which trusts the lengths in a message.
void collect(std::vector<Route>& found, const nlmsghdr* message, const Link& link, Family family) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(rtmsg))) return;
    const auto* header = static_cast<const rtmsg*>(nlmsg_data(message));
    const Ip any = Ip::any(family);
    if (header->rtm_family != any.af() || header->rtm_dst_len > any.bits() ||
        header->rtm_src_len > any.bits())
        return;
    const Attributes attributes(message, sizeof *header);
    auto ways = parse_ways(*header, attributes, family);
    if (!leads_through(ways, link.index)) return;
    Route route = parse_route(*header, attributes, family);
    set_ways(route, std::move(ways));
    found.push_back(std::move(route));
}

// Kernels without strict checking (before 4.20) list everything, whatever was asked for: what is
// visited must be looked at.
void list(Rtnl& rtnl, const rtmsg& header, int link, const std::string& act,
          const NlSocket::Visitor& visit, const std::function<void()>& restart) {
    const auto query = [&] {
        NlMessage message(RTM_GETROUTE, 0);
        message.header(header);
        if (link != 0) message.put_u32(RTA_OIF, static_cast<unsigned>(link));
        return message;
    };
    rtnl.dump(query, act, visit, restart);
}

void list_through(Rtnl& rtnl, const Link& link, Family family, const NlSocket::Visitor& visit,
                  const std::function<void()>& restart) {
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
    list(rtnl, header, link.index, cat("list routes of ", link.name), visit, restart);
}

// The unicast routes of table main.
template <typename Visit, typename Restart>
void list_main(Rtnl& rtnl, Family family, Visit&& visit, Restart&& restart) {
    rtmsg wanted{};
    wanted.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
    wanted.rtm_table = RT_TABLE_MAIN;
    wanted.rtm_type = RTN_UNICAST;
    const auto look = [&](const nlmsghdr* m) {
        if (nlmsg_datalen(m) < static_cast<int>(sizeof(rtmsg))) return;
        const auto* header = static_cast<const rtmsg*>(nlmsg_data(m));
        if (header->rtm_family == wanted.rtm_family && header->rtm_table == wanted.rtm_table &&
            header->rtm_type == wanted.rtm_type)
            visit(*header, Attributes(m, sizeof *header));
    };
    list(rtnl, wanted, 0, "list routes of table main", look, restart);
}

}  // namespace

NlRequest add_route(const Link& link, const Route& route) {
    return {message_of(RTM_NEWROUTE, NLM_F_CREATE, link, route),
            cat("failed to add ", describe(link, route))};
}

NlRequest ensure_route(const Link& link, const Route& route) {
    NlRequest request = add_route(link, route);
    request.tolerated = EEXIST;
    return request;
}

NlRequest prefer_route(const Link& link, const Route& route) {
    NlRequest request = ensure_route(link, route);
    // IPv4 puts a new route ahead of its equals, IPv6 behind them.
    if (!route.dst.ip.is_v4()) request.message.raw()->nlmsg_flags |= NLM_F_REPLACE;
    return request;
}

NlRequest append_route(const Link& link, const Route& route) {
    NlRequest request = ensure_route(link, route);
    if (route.dst.ip.is_v4()) request.message.raw()->nlmsg_flags |= NLM_F_APPEND;
    return request;
}

NlRequest remove_route(const Link& link, const Route& route) {
    return {message_of(RTM_DELROUTE, 0, link, route), cat("remove ", describe(link, route)), ESRCH};
}

std::vector<Route> routes(Rtnl& rtnl, const Link& link, Family family, std::size_t most) {
    std::vector<Route> found;
    const auto visit = [&](const nlmsghdr* m) {
        if (found.size() < most) collect(found, m, link, family);
    };
    list_through(rtnl, link, family, visit, [&] { found.clear(); });
    return found;
}

bool leads_elsewhere(const Route& route, const Link& link) {
    return std::ranges::any_of(route.next_hops,
                               [&](const NextHop& hop) { return hop.link != link.index; });
}

Route only_through(const Link& link, const Route& route) {
    if (!leads_elsewhere(route, link)) return route;
    std::vector<NextHop> ways = route.next_hops;
    std::erase_if(ways, [&](const NextHop& hop) { return hop.link != link.index; });
    // Of a single one the share of the packets is all of them.
    if (ways.size() == 1) ways.front().weight = 1;
    Route part = route;
    set_ways(part, std::move(ways));
    return part;
}

std::vector<Route> ways_one_by_one(const Route& route) {
    if (route.next_hops.empty()) return {route};
    std::vector<Route> all;
    for (const NextHop& hop : route.next_hops) set_ways(all.emplace_back(route), {hop});
    return all;
}

void sort_for_adding(std::vector<Route>& routes) {
    std::stable_partition(routes.begin(), routes.end(), [](const Route& route) {
        return !route.gw && !has_ways_of_its_own(route);
    });
}

void visit_paths(Rtnl& rtnl, const Link& link, Family family,
                 const std::function<void(const Route&)>& visit) {
    const auto visit_ways = [&](Route route) {
        const auto ways = std::exchange(route.next_hops, {});
        if (ways.empty()) visit(route);
        for (const NextHop& hop : ways) {
            if (hop.link != link.index) continue;
            route.gw = hop.gateway;
            route.on_link = hop.on_link;
            visit(route);
        }
    };
    std::vector<Route> one;
    list_through(
        rtnl, link, family,
        [&](const nlmsghdr* m) {
            one.clear();
            collect(one, m, link, family);
            for (Route& route : one) visit_ways(std::move(route));
        },
        [] {});
}

std::set<int> tables_of_routes(Rtnl& rtnl) {
    std::set<int> found;
    const auto visit = [&](const nlmsghdr* m) {
        if (nlmsg_datalen(m) < static_cast<int>(sizeof(rtmsg))) return;
        const auto* header = static_cast<const rtmsg*>(nlmsg_data(m));
        found.insert(Attributes(m, sizeof *header).get_or<int>(RTA_TABLE, header->rtm_table));
    };
    for (const Family family : both_families) {
        rtmsg wanted{};
        wanted.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
        list(rtnl, wanted, 0, "list routes", visit, [] {});
    }
    return found;
}

std::vector<int> links_of_routes(Rtnl& rtnl, Family family, std::uint8_t protocol, int only) {
    std::vector<int> found;
    rtmsg wanted{};
    wanted.rtm_family = static_cast<unsigned char>(Ip::any(family).af());
    wanted.rtm_protocol = protocol;
    const auto visit = [&](const nlmsghdr* m) {
        if (nlmsg_datalen(m) < static_cast<int>(sizeof(rtmsg))) return;
        const auto* header = static_cast<const rtmsg*>(nlmsg_data(m));
        if (header->rtm_family != wanted.rtm_family || header->rtm_protocol != protocol) return;
        for (const NextHop& hop : parse_ways(*header, Attributes(m, sizeof *header), family))
            if (only == 0 || hop.link == only) found.push_back(hop.link);
    };
    list(rtnl, wanted, only, "list routes", visit, [&] { found.clear(); });
    return found;
}

std::vector<Way> ways_of_main(Rtnl& rtnl, Family family) {
    std::vector<Way> found;
    list_main(
        rtnl, family,
        [&](const rtmsg& header, const Attributes& attributes) {
            const Ip any = Ip::any(family);
            const Prefix dst{to_ip(attributes.bytes(RTA_DST), family).value_or(any),
                             header.rtm_dst_len};
            for (const NextHop& hop : parse_ways(header, attributes, family))
                if (hop.link != 0) found.push_back({dst, hop.link});
        },
        [&] { found.clear(); });
    return found;
}

std::optional<int> first_default_link(Rtnl& rtnl, Family family) {
    std::optional<int> found;
    list_main(
        rtnl, family,
        [&](const rtmsg& header, const Attributes& attributes) {
            if (found || header.rtm_dst_len != 0) return;
            for (const NextHop& hop : parse_ways(header, attributes, family))
                if (!found && hop.link != 0) found = hop.link;
        },
        [&] { found.reset(); });
    return found;
}

std::optional<Decision> find_route(Rtnl& rtnl, const Ip& ip) {
    NlMessage message(RTM_GETROUTE, 0);
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(ip.af());
    header.rtm_dst_len = static_cast<unsigned char>(ip.bits());
    message.header(header).put(RTA_DST, ip.data(), ip.size());
    std::optional<Decision> found;
    // The errors are what routes say that lead nowhere: fib_props[], net/ipv4/fib_semantics.c.
    rtnl.request({std::move(message),
                  cat("look for the route to ", ip.to_string()),
                  ENETUNREACH,
                  {EHOSTUNREACH, EACCES, EINVAL}},
                 [&](const nlmsghdr* answer) {
                     if (nlmsg_datalen(answer) < static_cast<int>(sizeof(rtmsg))) return;
                     const Attributes attributes(answer, sizeof(rtmsg));
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
