#include "move.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "base/contains.h"
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

void append_new(std::vector<Route>& routes, const Route& route) {
    if (std::ranges::find(routes, route) == routes.end()) routes.push_back(route);
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
          routes_(parked_routes(rtnl_, vrf, port)) {}

    void make() {
        const bool is_there = (port_.master == vrf_.index) == is_entering_;
        if (is_there && routes_.empty()) return is_entering_ ? await_addresses() : void();
        collect();
        park(rtnl_, vrf_, port_, routes_);
        if (!is_there) {
            leave_shared_routes();
            change_master();
        }
        await_addresses();
        put_routes();
        clear_parking(rtnl_, vrf_, port_);
    }

private:
    int target() const { return is_entering_ ? table_of(vrf_) : int{RT_TABLE_MAIN}; }

    /// As they are without the VRF.
    void collect() {
        for (const Family family : both_families)
            for (const Route& route : routes(rtnl_, port_, family)) {
                if (route.table == RT_TABLE_LOCAL) continue;
                Route own = only_through(port_, route);
                if (own.table == table_of(vrf_)) own.table = RT_TABLE_MAIN;
                if (own.table != RT_TABLE_MAIN || !is_automatic(own)) append_new(routes_, own);
            }
        sort_for_adding(routes_);
    }

    // The kernel would keep the ways of IPv6 routes of several links, and take them again.
    void leave_shared_routes() {
        std::vector<NlRequest> requests;
        for (const Route& route : routes(rtnl_, port_, Family::v6))
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

    bool is_usable(const Address& address, const std::vector<Route>& there) const {
        const int table = is_entering_ ? table_of(vrf_) : int{RT_TABLE_LOCAL};
        return std::ranges::any_of(there, [&](const Route& route) {
            return route.type == RTN_LOCAL && route.table == table &&
                   route.dst == Prefix::host(address.prefix.ip);
        });
    }
    const Address* first_unusable(const std::vector<Address>& now) {
        const auto there = routes(rtnl_, port_, Family::v6);
        const auto found = std::ranges::find_if(now, [&](const Address& address) {
            return (address.tentative && !address.dad_failed) || !is_usable(address, there);
        });
        return found == now.end() ? nullptr : &*found;
    }
    // The kernel's work queue sees to them. Without a carrier it has to wait for one.
    void await_addresses() {
        const bool has_carrier =
            port_.operstate == IF_OPER_UP || port_.operstate == IF_OPER_UNKNOWN;
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
    std::vector<Route> shared_routes() {
        auto found = routes(rtnl_, port_, Family::v4);
        std::erase_if(found, [&](const Route& route) {
            return route.table != target() || !leads_elsewhere(route, port_);
        });
        return found;
    }
    void put_routes() {
        const auto shared = shared_routes();
        std::vector<NlRequest> requests;
        for (Route route : routes_) {
            if (route.table == RT_TABLE_MAIN) route.table = target();
            const auto is_part_of = [&](const Route& whole) {
                return whole.table == route.table && whole.dst == route.dst &&
                       whole.priority == route.priority && whole.tos == route.tos;
            };
            if (std::ranges::any_of(shared, is_part_of)) continue;
            requests.push_back(append_route(port_, route));
            // What no longer fits keeps nothing in the VRF.
            if (!is_entering_) requests.back().also_tolerated = {EINVAL, ENETUNREACH, EHOSTUNREACH};
        }
        rtnl_.transact(requests);
    }

    Container& container_;
    Rtnl& rtnl_;
    const Link& port_;
    const Link& vrf_;
    bool is_entering_;
    std::vector<Address> addresses_ = lasting_addresses();
    std::vector<Route> routes_;  ///< those that were parked, then all
};

}  // namespace

void enter(Container& container, const Link& port, const Link& vrf) {
    Move(container, port, vrf, true).make();
}

void leave(Container& container, const Link& port, const Link& vrf) {
    Move(container, port, vrf, false).make();
}

}  // namespace cni::vrf
