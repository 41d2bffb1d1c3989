#include "parking.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "netlink/route.h"

namespace cni::vrf {
namespace {

// The number of a table here: bit 31, bit 30 when gateways need not be reachable by another route,
// 14 bits that are all set, and the 16 bits of a label's slot. Without a label: those of the
// interface's index, which are not all set, and of the table's number.
constexpr std::uint32_t mark = 1U << 31, on_link_mark = 1U << 30;
constexpr int low_bits = 16, index_bits = 14;
constexpr std::uint32_t low_mask = (1U << low_bits) - 1, labelled = (1U << index_bits) - 1;

/// What is said of a parked route by its table.
struct Origin {
    int port, table;
    std::optional<Ip> source, gateway;
    bool on_link;
};

int table_of(const Route& route) {
    return route.table.value_or(RT_TABLE_MAIN);
}

bool is_on_link(const Route& route) {
    return route.on_link || std::ranges::any_of(route.next_hops, &NextHop::on_link);
}

/// Where IPv6 looks for a gateway through the VRF, it may find it to be a neighbour of the
/// interface, and refuse the route: ip6_route_check_nh_onlink(), net/ipv6/route.c.
std::optional<Ip> gateway_to_tell(const Route& route) {
    return route.gw && route.gw->is_v4() ? std::nullopt : route.gw;
}

bool fits(int table, int port) {
    return static_cast<std::uint32_t>(table) <= low_mask &&
           static_cast<std::uint32_t>(port) < labelled;
}

int number_of(bool on_link, std::uint32_t high, int low) {
    return static_cast<int>(mark | (on_link ? on_link_mark : 0) | high << low_bits |
                            static_cast<std::uint32_t>(low));
}

// Nobody but the container itself makes so many, and it is not to keep its host busy.
constexpr std::size_t most_labels = 256;

std::vector<ParkingLabel> labels_of(const Link& vrf) {
    std::vector<ParkingLabel> found;
    for (const std::string& name : vrf.alternative_names) {
        const auto label = ParkingLabel::parse(name);
        if (label && label->vrf == vrf.index && found.size() < most_labels) found.push_back(*label);
    }
    return found;
}

std::optional<Origin> origin_of(const Route& parked, const std::vector<ParkingLabel>& labels) {
    const auto number = static_cast<std::uint32_t>(parked.table.value_or(0));
    if ((number & mark) == 0) return {};
    const auto high = (number & ~(mark | on_link_mark)) >> low_bits;
    const auto low = static_cast<int>(number & low_mask);
    const bool on_link = (number & on_link_mark) != 0;
    if (high != labelled)
        return Origin{static_cast<int>(high), low, parked.source, parked.gw, on_link};
    const auto label = std::ranges::find(labels, low, &ParkingLabel::slot);
    if (label == labels.end()) return {};
    return Origin{label->port, label->table, label->source,
                  label->gateway ? label->gateway : parked.gw, on_link};
}

const ParkingLabel* find_label(const std::vector<ParkingLabel>& labels, const Route& route,
                               const Link& port) {
    const auto found = std::ranges::find_if(labels, [&](const ParkingLabel& label) {
        return label.port == port.index && label.table == table_of(route) &&
               label.source == route.source && label.gateway == gateway_to_tell(route);
    });
    return found == labels.end() ? nullptr : &*found;
}

int unused_slot(const std::vector<ParkingLabel>& labels) {
    int slot = 0;
    while (std::ranges::find(labels, slot, &ParkingLabel::slot) != labels.end()) ++slot;
    return slot;
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

/// Each parked route of the interface, as it is there, and where it is from.
std::vector<std::pair<Route, Origin>> parked_routes(Rtnl& rtnl, const Link& vrf, const Link& port) {
    const auto labels = labels_of(vrf);
    std::vector<std::pair<Route, Origin>> found;
    for (const Family family : both_families)
        for (const Route& route : routes(rtnl, vrf, family, most_moved_routes))
            if (const auto origin = origin_of(route, labels); origin && origin->port == port.index)
                found.emplace_back(route, *origin);
    return found;
}

}  // namespace

Parking::Parking(Rtnl& rtnl, const Link& vrf, const Link& port)
    : rtnl_(rtnl), vrf_(vrf), port_(port), labels_(labels_of(vrf)) {
    for (const auto& [parked, origin] : parked_routes(rtnl, vrf, port)) {
        Route route = parked;
        route.table = origin.table;
        route.source = origin.source;
        route.gw = origin.gateway;
        routes_.push_back(through(port, std::move(route), origin.on_link));
    }
}

std::vector<ParkingLabel> Parking::own_labels() const {
    std::vector<ParkingLabel> own = labels_;
    std::erase_if(own, [&](const ParkingLabel& label) { return label.port != port_.index; });
    return own;
}

// What the kernel has refused is not there when it is asked.
void Parking::add_labels(const std::vector<Route>& routes) {
    std::vector<NlRequest> requests;
    for (const Route& route : routes) {
        if (labels_.size() == most_labels || find_label(labels_, route, port_)) continue;
        labels_.push_back({vrf_.index, unused_slot(labels_), port_.index, table_of(route),
                           route.source, gateway_to_tell(route)});
        requests.push_back(add_alternative_name(vrf_, labels_.back().print()));
        requests.back().tolerated = EEXIST;
        requests.back().also_tolerated = {EOPNOTSUPP};
    }
    if (requests.empty()) return;
    rtnl_.transact(requests);
    vrf_ = rtnl_.get(vrf_.name);
    labels_ = labels_of(vrf_);
}

NlRequest Parking::parking_of(const Route& route) const {
    Route parked = through(vrf_, route, true);
    if (const ParkingLabel* label = find_label(labels_, route, port_)) {
        parked.table = number_of(is_on_link(route), labelled, label->slot);
        parked.source.reset();
        if (label->gateway) parked.gw.reset();
    } else {
        parked.table =
            number_of(is_on_link(route), static_cast<std::uint32_t>(port_.index), table_of(route));
    }
    NlRequest request = append_route(vrf_, parked);
    // The last two: a VRF without IPv6, or one that is down.
    request.also_tolerated = {EINVAL, EACCES, ENETDOWN};
    return request;
}

void Parking::park(const std::vector<Route>& routes) {
    add_labels(routes);
    std::vector<NlRequest> requests;
    for (const Route& route : routes)
        if (fits(table_of(route), port_.index) || find_label(labels_, route, port_))
            requests.push_back(parking_of(route));
    rtnl_.transact(requests);
}

// Labels go last: what is parked under one is found by it.
void Parking::clear() {
    std::vector<NlRequest> requests;
    for (const auto& [parked, origin] : parked_routes(rtnl_, vrf_, port_))
        requests.push_back(remove_route(vrf_, parked));
    for (const ParkingLabel& label : own_labels()) {
        requests.push_back(remove_alternative_name(vrf_, label.print()));
        requests.back().tolerated = ENOENT;
    }
    rtnl_.transact(requests);
}

bool has_parked(const Link& vrf, const std::set<int>& ports) {
    return std::ranges::any_of(
        labels_of(vrf), [&](const ParkingLabel& label) { return ports.contains(label.port); });
}

}  // namespace cni::vrf
