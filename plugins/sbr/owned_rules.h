#pragma once

#include <set>
#include <vector>

#include "container/container.h"
#include "netlink/route.h"
#include "netlink/rule.h"

/// What is there of an interface that routes are or were moved of, and which of it is of ours.
namespace cni::sbr {

/// What rules and routes of this plugin's making say of who made them (FRA_PROTOCOL, RTA_PROTOCOL).
/// Nobody has registered it (linux/rtnetlink.h, etc/iproute2/rt_protos).
inline constexpr std::uint8_t own_protocol = 158;
/// Of rules that lead to a table which somebody else fills.
inline constexpr std::uint8_t rule_only_protocol = 159;

/// How many rules are removed: see most_moved_routes.
inline constexpr std::size_t most_rules = 5000;

/// Rules and routes of a namespace, as far as they concern one interface.
struct Found {
    std::vector<Rule> rules = {};    ///< all of them
    std::vector<Route> routes = {};  ///< through the interface, of both families and all tables

    /// False when there are more than most_moved_routes: then not all routes are here.
    bool is_whole() const { return routes.size() <= most_moved_routes; }
    /// Those in a table.
    std::vector<Route> routes_in(int table, Family family) const;
};
Found look(Rtnl& rtnl, const Link& link);

/// The rules for packets from these addresses, and from those that the interface has, that are its.
/// Those of the reference plugin, which do not say who made them, and those of an address that
/// another interface has as well, are so when their table has a route through this interface.
std::vector<Rule> owned_rules(Rtnl& rtnl, const std::optional<Link>& link,
                              const std::vector<Prefix>& asked, const Found& found);

/// Puts back into table main what was moved from there, and removes the rules: all that ADDs have
/// done, whole or in part, for these addresses and those that the interface has. Without a link,
/// only rules may be left; with more than most_moved_routes only those are removed, with a word on
/// stderr. Killed at any place, what was not put back yet is found again.
void put_back(Rtnl& rtnl, const std::optional<Link>& link, const std::vector<Prefix>& addresses);

}  // namespace cni::sbr
