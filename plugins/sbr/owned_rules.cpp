#include "owned_rules.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/warn.h"
#include "netlink/address.h"
#include "netlink/route.h"
#include "netlink/table.h"

namespace cni::sbr {
namespace {

// Of what a container can make any number, nothing is searched from end to end once for each other.
using Table = std::pair<int, Family>;
using Tables = std::set<Table>;

Table table_of(const Rule& rule) {
    return {rule.table, rule.family};
}

Table table_of(const Route& route) {
    return {route.table.value_or(RT_TABLE_MAIN), route.dst.ip.family()};
}

Tables tables_of(const std::vector<Route>& routes) {
    Tables tables;
    for (const Route& route : routes) tables.insert(table_of(route));
    return tables;
}

std::set<Ip> ips_of(const std::vector<Address>& addresses) {
    std::set<Ip> ips;
    for (const Address& address : addresses) ips.insert(address.prefix.ip);
    return ips;
}

bool has(const std::vector<Prefix>& addresses, const Ip& ip) {
    return std::ranges::find(addresses, ip, &Prefix::ip) != addresses.end();
}

bool is_marked(const Rule& rule) {
    return rule.protocol == own_protocol || rule.protocol == rule_only_protocol;
}

// As this plugin makes them, or the reference plugin.
bool has_our_shape(const Rule& rule) {
    return rule.is_plain && rule.from && *rule.from == Prefix::host(rule.from->ip) &&
           (is_marked(rule) || rule.protocol == RTPROT_UNSPEC) &&
           (!rule.to || rule.to == rule.from);
}

bool is_own(const Route& route) {
    return route.protocol == own_protocol;
}

// What no longer fits is left out: its gateway or its source is gone.
NlRequest put_back_request(const Link& link, const Route& route) {
    NlRequest request = append_route(link, route);
    request.also_tolerated = {ENETUNREACH, EHOSTUNREACH, EINVAL};
    return request;
}

// Those of the reference plugin, and tables of somebody else, are left as they are.
std::vector<Route> moved_routes(const std::vector<Rule>& owned, const Found& found) {
    Tables theirs;
    for (const Rule& rule : owned)
        if (rule.protocol == own_protocol && !is_reserved_table(rule.table))
            theirs.insert(table_of(rule));
    std::vector<Route> moved;
    std::ranges::copy_if(found.routes, std::back_inserter(moved),
                         [&](const Route& route) { return theirs.contains(table_of(route)); });
    sort_for_adding(moved);
    return moved;
}

// The rules stay until the end: by them a table is found again.
void put_routes_back(Rtnl& rtnl, const Link& link, const std::vector<Rule>& owned,
                     const Found& found) {
    std::vector<NlRequest> additions, removals;
    for (const Route& route : found.routes)
        if (route.table == RT_TABLE_MAIN && is_own(route))
            removals.push_back(remove_route(link, route));
    for (Route& route : moved_routes(owned, found)) {
        removals.push_back(remove_route(link, route));
        if (is_own(route)) continue;
        route.table = RT_TABLE_MAIN;
        additions.push_back(put_back_request(link, route));
    }
    rtnl.transact(additions);
    rtnl.transact(removals);
}

void remove_rules(Rtnl& rtnl, const std::vector<Rule>& owned) {
    if (owned.size() > most_rules)
        warn("there are more rules than are removed: the others are gone with the container");
    std::vector<NlRequest> requests;
    for (const Rule& rule : std::span(owned).first(std::min(owned.size(), most_rules)))
        requests.push_back(remove_rule(rule));
    rtnl.transact(requests);
}

}  // namespace

std::vector<Route> Found::routes_in(int table, Family family) const {
    std::vector<Route> some;
    std::ranges::copy_if(routes, std::back_inserter(some), [&](const Route& route) {
        return route.table == table && route.dst.ip.family() == family;
    });
    return some;
}

Found look(Rtnl& rtnl, const Link& link) {
    Found found{.rules = rules(rtnl)};
    for (const Family family : both_families)
        std::ranges::move(routes(rtnl, link, family, most_moved_routes + 1 - found.routes.size()),
                          std::back_inserter(found.routes));
    return found;
}

std::vector<Rule> owned_rules(Rtnl& rtnl, const std::optional<Link>& link,
                              const std::vector<Prefix>& asked, const Found& found) {
    const auto others = ips_of(addresses_besides(rtnl, link));
    const auto own = ips_of(link ? addresses(rtnl, *link) : std::vector<Address>());
    const Tables filled = tables_of(found.routes);
    const auto is_owned = [&](const Rule& rule) {
        if (!has_our_shape(rule)) return false;
        const Ip& ip = rule.from->ip;
        if (is_marked(rule) && !others.contains(ip)) return own.contains(ip) || has(asked, ip);
        return own.contains(ip) && filled.contains(table_of(rule));
    };
    std::vector<Rule> owned;
    std::ranges::copy_if(found.rules, std::back_inserter(owned), is_owned);
    return owned;
}

void put_back(Rtnl& rtnl, const std::optional<Link>& link, const std::vector<Prefix>& addresses) {
    const Found found = link ? look(rtnl, *link) : Found{.rules = rules(rtnl)};
    const auto owned = owned_rules(rtnl, link, addresses, found);
    if (!found.is_whole())
        warn({link->name, " has too many routes to put them back: they stay in their tables"});
    else if (link)
        put_routes_back(rtnl, *link, owned, found);
    remove_rules(rtnl, owned);
}

}  // namespace cni::sbr
