#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "net/ip.h"
#include "net/route.h"
#include "netlink/link.h"

namespace cni {

/// Requests for Rtnl::apply, of routes through `link`; one with next hops of its own leads through
/// those. A listed route is given back as it was, in another table when `table` says so.

/// EEXIST when there is an identical one.
NlRequest add_route(const Link& link, const Route& route);
/// Succeeds when there is one.
NlRequest ensure_route(const Link& link, const Route& route);
/// Likewise; packets take it rather than earlier ones of its destination, table and metric. When it
/// goes, IPv4 falls back on those, IPv6 has forgotten the first of them.
NlRequest prefer_route(const Link& link, const Route& route);
/// Likewise; packets take earlier IPv4 ones of its destination, table and metric rather than it.
NlRequest append_route(const Link& link, const Route& route);
/// One that agrees in everything that `route` says. Succeeds when it is gone already.
NlRequest remove_route(const Link& link, const Route& route);

/// Those of one family that lead through this link, or through others too, of every table, with all
/// that the kernel says of them but the preference and the lifetime that IPv6 routers advertise. No
/// more than `most` of them: how many there are is for the container to choose.
std::vector<Route> routes(Rtnl& rtnl, const Link& link, Family family,
                          std::size_t most = std::numeric_limits<std::size_t>::max());

/// How many routes of a container's interface plugins move: a container can have any number made,
/// which cost memory and time of the host's then.
inline constexpr std::size_t most_moved_routes = 5000;

/// Whether some of its ways lead through other links.
bool leads_elsewhere(const Route& route, const Link& link);
/// What is left of it without those ways.
Route only_through(const Link& link, const Route& route);
/// A route for each of its ways.
std::vector<Route> ways_one_by_one(const Route& route);

/// So that each comes behind those that its gateway may be reached by: the kernel adds no other.
void sort_for_adding(std::vector<Route>& routes);

/// Visits the same, one for each way through this link, without `next_hops`: to look for a gateway.
/// Nothing is kept of them; one may be visited again when the list changes meanwhile. `visit` must
/// not use a netlink socket.
void visit_paths(Rtnl& rtnl, const Link& link, Family family,
                 const std::function<void(const Route&)>& visit);

/// The tables that have routes, of either family. Lists all routes.
std::set<int> tables_of_routes(Rtnl& rtnl);

/// The links that routes of one family and protocol (RTPROT_*) go through, each as often as there
/// are such routes; of the link `only`, when that is no 0. Lists tables: not for every operation.
std::vector<int> links_of_routes(Rtnl& rtnl, Family family, std::uint8_t protocol, int only = 0);

/// The link of the first default route in table main; nullopt without one. Lists the table.
std::optional<int> first_default_link(Rtnl& rtnl, Family family);

/// A destination, and a link by which packets get there.
struct Way {
    Prefix dst;
    int link = 0;  ///< index
};
/// Those of the unicast routes of table main, in one listing.
std::vector<Way> ways_of_main(Rtnl& rtnl, Family family);

/// What the routing tables say of packets to `ip`; nullopt when they lead nowhere.
struct Decision {
    std::uint8_t type;  ///< RTN_UNICAST, RTN_LOCAL, ...
    int output;         ///< index of the interface they leave through
};
std::optional<Decision> find_route(Rtnl& rtnl, const Ip& ip);

/// Whether the host takes packets for the address as its own.
bool is_local(Rtnl& rtnl, const Ip& ip);

}  // namespace cni
