#include "others_routes.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <span>
#include <tuple>

#include "log.h"
#include "netlink/route.h"

namespace cni::dhcp {
namespace {

constexpr std::size_t most_routes = 1000;
// As many as one system call takes: a failure keeps the following calls from being made.
constexpr std::size_t at_once = 32;

// The kernel makes and removes its own with the addresses.
bool is_kept_by_kernel(const Route& route) {
    return route.protocol == RTPROT_KERNEL;
}

struct TooMany {};

// By a socket of its own, which is closed in the middle of a list that is too long.
bool has_many_routes(const Container& container, const Link& link) {
    Rtnl rtnl = Rtnl::in(container.netns);
    rtmsg header{};
    header.rtm_family = AF_INET;
    NlMessage query(RTM_GETROUTE, 0);
    query.header(header);
    query.put_u32(RTA_OIF, static_cast<unsigned>(link.index));
    std::size_t count = 0;
    try {
        rtnl.dump_once({std::move(query), cat("count routes of ", link.name)},
                       [&](const nlmsghdr*) {
                           if (++count > most_routes) throw TooMany();
                       });
    } catch (const TooMany&) {
        return true;
    }
    return false;
}

// What the kernel tells two routes of IPv4 apart by, and the gateway.
using Key = std::tuple<Prefix, std::optional<Ip>, std::int64_t, int, std::uint8_t>;

Key key_of(const Route& route) {
    return {route.dst, route.gw, route.priority, route.table.value_or(0), route.tos};
}

void erase_present(std::vector<Route>& routes, const std::vector<Route>& present) {
    std::vector<Key> keys;
    for (const Route& route : present) keys.push_back(key_of(route));
    std::ranges::sort(keys);
    std::erase_if(routes, [&](const Route& route) {
        return std::ranges::binary_search(keys, key_of(route));
    });
}

}  // namespace

OthersRoutes::OthersRoutes(Container& container, const Link& link, const std::vector<Route>& ours)
    : container_(container), link_(link) {
    if (has_many_routes(container, link)) return;
    const Ways our_ways(ours);
    routes_ = routes(container.rtnl, link, Family::v4);
    std::erase_if(*routes_, [&](const Route& route) {
        return is_kept_by_kernel(route) || our_ways.has(route);
    });
}

void OthersRoutes::put_back() {
    constexpr std::string_view loss = "routes of somebody else are lost with the address: ";
    if (!routes_) return log(link_.name, cat(loss, "there are more than ", most_routes));
    if (routes_->empty()) return;
    erase_present(*routes_, routes(container_.rtnl, link_, Family::v4));
    sort_for_adding(*routes_);
    std::vector<NlRequest> requests;
    for (const Route& route : *routes_) requests.push_back(ensure_route(link_, route));
    std::string trouble;
    for (std::span<const NlRequest> rest = requests; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), at_once));
        rest = rest.subspan(some.size());
        try {
            container_.rtnl.transact(some);
        } catch (const NlError& error) {
            trouble = error.msg;
        }
    }
    if (!trouble.empty()) log(link_.name, cat(loss, trouble));
}

Ways::Ways(const std::vector<Route>& routes) {
    for (const Route& route : routes) sorted_.push_back(way_of(route));
    std::ranges::sort(sorted_);
}

bool Ways::has(const Route& route) const {
    return std::ranges::binary_search(sorted_, way_of(route));
}

}  // namespace cni::dhcp
