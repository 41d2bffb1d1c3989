#include "parking.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>

#include "netlink/route.h"

namespace cni::vrf {
namespace {

// The number of a table here: bit 31, bit 30 when gateways need not be reachable by another route,
// 14 bits of the interface's index, 16 bits of the table's number.
constexpr std::uint32_t mark = 1U << 31, on_link_mark = 1U << 30;
constexpr int table_bits = 16, index_bits = 14;

bool fits(std::uint32_t number, int bits) {
    return (number >> bits) == 0;
}

bool is_on_link(const Route& route) {
    return route.on_link || std::ranges::any_of(route.next_hops, &NextHop::on_link);
}

std::optional<int> number_for(const Route& route, const Link& port) {
    const auto table = static_cast<std::uint32_t>(route.table.value_or(RT_TABLE_MAIN));
    const auto index = static_cast<std::uint32_t>(port.index);
    if (!fits(table, table_bits) || !fits(index, index_bits) || route.next_hop_object != 0)
        return {};
    return static_cast<int>(mark | (is_on_link(route) ? on_link_mark : 0) | index << table_bits |
                            table);
}

bool is_of(const Route& parked, const Link& port) {
    const auto number = static_cast<std::uint32_t>(parked.table.value_or(0));
    const auto index = static_cast<std::uint32_t>(port.index);
    return (number & mark) != 0 && ((number & ~(mark | on_link_mark)) >> table_bits) == index;
}

// The same through another link, where gateways need not be reachable, or as they were.
Route through(const Link& link, Route route, bool on_link) {
    route.on_link = route.gw && on_link;
    for (NextHop& hop : route.next_hops) {
        hop.link = link.index;
        hop.on_link = hop.gateway && on_link;
    }
    return route;
}

std::vector<Route> parked_as_they_are(Rtnl& rtnl, const Link& vrf, const Link& port) {
    std::vector<Route> found;
    for (const Family family : both_families)
        std::ranges::copy_if(routes(rtnl, vrf, family, most_moved_routes),
                             std::back_inserter(found),
                             [&](const Route& route) { return is_of(route, port); });
    return found;
}

}  // namespace

std::vector<Route> parked_routes(Rtnl& rtnl, const Link& vrf, const Link& port) {
    std::vector<Route> found;
    for (const Route& parked : parked_as_they_are(rtnl, vrf, port)) {
        const auto number = static_cast<std::uint32_t>(*parked.table);
        Route route = through(port, parked, (number & on_link_mark) != 0);
        route.table = static_cast<int>(number & ((1U << table_bits) - 1));
        found.push_back(std::move(route));
    }
    return found;
}

void park(Rtnl& rtnl, const Link& vrf, const Link& port, const std::vector<Route>& routes) {
    std::vector<NlRequest> requests;
    for (const Route& route : routes) {
        const auto number = number_for(route, port);
        if (!number) continue;
        Route parked = through(vrf, route, true);
        parked.table = *number;
        requests.push_back(append_route(vrf, parked));
        requests.back().also_tolerated = {EINVAL, ENETUNREACH, EHOSTUNREACH};
    }
    rtnl.transact(requests);
}

void clear_parking(Rtnl& rtnl, const Link& vrf, const Link& port) {
    std::vector<NlRequest> requests;
    for (const Route& route : parked_as_they_are(rtnl, vrf, port))
        requests.push_back(remove_route(vrf, route));
    rtnl.transact(requests);
}

}  // namespace cni::vrf
