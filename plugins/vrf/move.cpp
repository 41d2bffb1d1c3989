#include "move.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/contains.h"
#include "base/warn.h"
#include "device.h"
#include "netlink/address.h"
#include "netlink/monitor.h"
#include "netlink/route.h"
#include "parking.h"
#include "sys/sysctl.h"

namespace cni::vrf {
namespace {

constexpr std::chrono::seconds patience{5};

// Made by the kernel when the interface comes up, for its addresses or by what routers advertise.
bool is_automatic(const Route& route) {
    constexpr int makers[] = {RTPROT_KERNEL, RTPROT_RA, RTPROT_REDIRECT};
    return contains(makers, route.protocol.value_or(RTPROT_BOOT));
}

/// What routes are looked for by. Those of IPv4 that have it in common are ways of one.
using Key = std::tuple<std::optional<int>, Prefix, std::int64_t, std::uint8_t>;
Key key_of(const Route& route) {
    return {route.table, route.dst, route.priority, route.tos};
}

bool is_among(const std::multimap<Key, Route>& routes, const Route& route) {
    const auto [first, last] = routes.equal_range(key_of(route));
    return std::any_of(first, last, [&](const auto& each) { return each.second == route; });
}

// The kernel makes one again of IPv6 routes that have all but the gateway in common.
std::vector<Route> parkable(const Route& route) {
    return route.dst.ip.is_v4() ? std::vector{route} : ways_one_by_one(route);
}

/// An interface on its way into a VRF, or out of it.
class Move {
public:
    Move(Container& container, const Link& port, const Link& vrf, bool is_entering)
        : container_(container),
          rtnl_(container.rtnl),
          port_(port),
          vrf_(vrf),
          is_entering_(is_entering),
          parking_(rtnl_, vrf, port) {}

    void make() {
        const bool is_there = (port_.master == vrf_.index) == is_entering_;
        if (is_there && parking_.is_empty()) return is_entering_ ? await_addresses() : void();
        collect(is_there);
        parking_.park(routes_);
        if (!is_there) {
            leave_shared_routes();
            change_master();
        }
        await_addresses();
        put_routes();
        parking_.clear();
    }

private:
    int target() const { return is_entering_ ? table_of(vrf_) : int{RT_TABLE_MAIN}; }

    using Known = std::multimap<Key, Route>;

    /// As they are without the VRF.
    void collect(bool is_there) {
        Known known;
        for (const Route& route : routes_) known.emplace(key_of(route), route);
        for (const Family family : both_families)
            for (const Route& route : few_routes(family))
                if (route.table != RT_TABLE_LOCAL) collect(route, known, is_there);
        sort_for_adding(routes_);
    }
    void collect(const Route& route, const Known& known, bool is_there) {
        Route own = only_through(port_, route);
        // The kernel removes such objects with an interface that goes down: what they say is said
        // by the route itself.
        const bool is_by_object = std::exchange(own.next_hop_object, 0) != 0;
        if (own.table == table_of(vrf_)) own.table = RT_TABLE_MAIN;
        if (own.table == RT_TABLE_MAIN && is_automatic(own)) return;
        for (const Route& way : parkable(own)) {
            if (is_there && is_by_object) in_place_.push_back(way);
            if (!is_among(known, way)) routes_.push_back(way);
        }
    }
    // What is left out is lost by a container that goes anyhow.
    std::vector<Route> few_routes(Family family) {
        auto found = routes(rtnl_, port_, family, most_moved_routes + 1);
        if (found.size() <= most_moved_routes) return found;
        if (is_entering_)
            throw Error(
                Code::internal,
                cat(port_.name, " has more than ", most_moved_routes, " routes: too many to move"),
                "remove some, or add them when the interface is in the VRF");
        warn({port_.name, " has too many routes to keep all of them"});
        found.resize(most_moved_routes);
        return found;
    }

    // The kernel would keep the ways of IPv6 routes of several links, and take them again.
    void leave_shared_routes() {
        std::vector<NlRequest> requests;
        for (const Route& route : routes(rtnl_, port_, Family::v6, most_moved_routes))
            if (leads_elsewhere(route, port_) && route.next_hop_object == 0)
                requests.push_back(remove_route(port_, only_through(port_, route)));
        rtnl_.transact(requests);
    }

    // Otherwise the kernel forgets IPv6 addresses with the state "up".
    void change_master() {
        container_.run([&] {
            set_sysctl_if_possible(cat("net/ipv6/conf/", port_.name, "/keep_addr_on_down"), "1");
        });
        NlRequest request = set_master(port_, is_entering_ ? vrf_ : Link{});
        request.act = is_entering_
                          ? cat("could not set vrf ", vrf_.name, " as master of ", port_.name)
                          : cat("could not take ", port_.name, " out of vrf ", vrf_.name);
        rtnl_.apply(std::move(request));
        std::vector<NlRequest> lost;
        for (const Address& address : addresses_)
            lost.push_back(ensure_address(port_, address.prefix, Dad::off));
        rtnl_.transact(lost);
    }

    /// Those that are not given up when the interface is down for a moment.
    std::vector<Address> lasting_addresses() {
        auto found = addresses(rtnl_, port_, Family::v6);
        std::erase_if(found, [](const Address& address) {
            return !address.permanent || !address.prefix.ip.is_global_unicast();
        });
        return found;
    }

    /// What the kernel takes packets for.
    std::set<Prefix> usable_hosts() {
        const int table = is_entering_ ? table_of(vrf_) : int{RT_TABLE_LOCAL};
        std::set<Prefix> hosts;
        for (const Route& route : routes(rtnl_, port_, Family::v6))
            if (route.type == RTN_LOCAL && route.table == table) hosts.insert(route.dst);
        return hosts;
    }
    const Address* first_unusable(const std::vector<Address>& now) {
        const auto usable = usable_hosts();
        const auto found = std::ranges::find_if(now, [&](const Address& address) {
            return (address.tentative && !address.dad_failed) ||
                   !usable.contains(Prefix::host(address.prefix.ip));
        });
        return found == now.end() ? nullptr : &*found;
    }
    // The kernel's work queue sees to them. Without a carrier it has to wait for one.
    void await_addresses() {
        // Whoever was killed may have had it down a moment ago: its state is not up again then.
        const bool has_carrier = port_.operstate == IF_OPER_UP ||
                                 port_.operstate == IF_OPER_UNKNOWN ||
                                 (was_broken_off_ && (port_.flags & IFF_LOWER_UP) != 0);
        if (!port_.is_up() || !has_carrier) return;
        const auto reached = [&] { return !first_unusable(lasting_addresses()); };
        if (reached()) return;
        if (container_.run([&] {
                return NlMonitor({RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE}).wait(reached, patience);
            }))
            return;
        if (!is_entering_) return;
        const auto now = lasting_addresses();
        if (const Address* address = first_unusable(now))
            throw Error(Code::internal,
                        cat("failed getting local/host addresses for ", port_.name, " in table ",
                            target(), " with dst ", address->prefix.to_string()),
                        "the kernel does not take packets for it yet");
    }

    // An IPv4 route of several links has never lost its way through this one.
    std::set<Key> shared_routes() {
        std::set<Key> keys;
        for (const Route& route : routes(rtnl_, port_, Family::v4))
            if (route.table == target() && leads_elsewhere(route, port_))
                keys.insert(key_of(route));
        return keys;
    }
    void put_routes() {
        const auto shared = shared_routes();
        std::vector<NlRequest> requests;
        for (Route route : routes_) {
            if (contains(in_place_, route)) continue;
            if (route.table == RT_TABLE_MAIN) route.table = target();
            if (shared.contains(key_of(route))) continue;
            if (has_foreign_source(route)) {
                rtnl_.transact(std::exchange(requests, {}));
                put_with_source(route);
                continue;
            }
            requests.push_back(append_route(port_, route));
            // What no longer fits keeps nothing in the VRF.
            if (!is_entering_) requests.back().also_tolerated = {EINVAL, ENETUNREACH, EHOSTUNREACH};
        }
        rtnl_.transact(requests);
    }

    /// Whether the kernel does not find the source of a route among the addresses that its table
    /// may have: those of the interface are the VRF's, fib_valid_prefsrc(),
    /// net/ipv4/fib_semantics.c.
    bool has_foreign_source(const Route& route) const {
        return is_entering_ && route.source && route.source->is_v4() && route.table != target();
    }
    // It is only looked for when the route is added. All in one system call: nobody can be killed
    // between them.
    void put_with_source(const Route& route) {
        const Route address{.dst = Prefix::host(*route.source),
                            .table = route.table,
                            .scope = RT_SCOPE_HOST,
                            .type = RTN_LOCAL};
        rtnl_.apply(ensure_route(port_, address), append_route(port_, route),
                    remove_route(port_, address));
    }

    Container& container_;
    Rtnl& rtnl_;
    const Link& port_;
    const Link& vrf_;
    bool is_entering_;
    std::vector<Address> addresses_ = lasting_addresses();
    Parking parking_;
    bool was_broken_off_ = !parking_.is_empty();
    std::vector<Route> in_place_;  ///< by nexthop objects, of an interface that has not moved yet
    std::vector<Route> routes_ = parking_.routes();  ///< those that were parked, then all
};

}  // namespace

void enter(Container& container, const Link& port, const Link& vrf) {
    Move(container, port, vrf, true).make();
}

void leave(Container& container, const Link& port, const Link& vrf) {
    Move(container, port, vrf, false).make();
}

}  // namespace cni::vrf
