#include "plan.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "netlink/route.h"

namespace cni::sbr {
namespace {

bool is_default(const Route& route) {
    return route.dst.is_default_route();
}

bool has_default(const std::vector<Route>& routes) {
    return std::ranges::any_of(routes, is_default);
}

std::vector<Ip> gateways_of(const Route& route) {
    std::vector<Ip> gateways;
    if (route.gw) gateways.push_back(*route.gw);
    for (const NextHop& hop : route.next_hops)
        if (hop.gateway) gateways.push_back(*hop.gateway);
    return gateways;
}

// By the address that packets are sent from, else by the network of its gateway.
bool is_for(const Route& route, const IpConfig& ip) {
    if (route.source) return ip.address.contains(*route.source);
    return std::ranges::any_of(gateways_of(route),
                               [&](const Ip& gateway) { return ip.address.contains(gateway); });
}

// Every link has these addresses, and needs the route whatever else it has.
bool is_link_local(const Route& route) {
    static const Prefix link_local = *Prefix::parse("fe80::/10");
    return route.dst.length >= link_local.length && link_local.contains(route.dst.ip);
}

/// The routes of one family in table main.
class Source {
public:
    Source(const Config& config, const Link& link, const Found& found, Family family)
        : config_(config),
          link_(link),
          is_replaced_(config.gateway(family).has_value()),
          routes_(found.routes_in(RT_TABLE_MAIN, family)) {
        std::erase_if(routes_, [](const Route& route) { return route.protocol == own_protocol; });
    }

    /// What is to be in the table of an address: its own, and those of no other one.
    std::vector<Route> of(const IpConfig& ip, const std::vector<IpConfig>& all) const {
        return select([&](const Route& route) {
            if (is_replaced_ && is_default(route)) return false;
            const auto is_for_it = [&](const IpConfig& each) { return is_for(route, each); };
            return is_for_it(ip) || std::ranges::none_of(all, is_for_it);
        });
    }
    /// What a gateway of the configuration stands in for.
    std::vector<Route> replaced() const {
        return select(
            [&](const Route& route) { return is_replaced_ && is_default(route) && !stays(route); });
    }
    std::vector<Route> leaving() const {
        return select([&](const Route& route) { return !stays(route); });
    }
    /// Whether one that stays is like it but for who made it, and its metric.
    bool keeps(const Route& hint) const {
        return std::ranges::any_of(routes_, [&](const Route& route) {
            return stays(route) && route.dst == hint.dst && route.source == hint.source;
        });
    }

private:
    template <typename Predicate>
    std::vector<Route> select(Predicate wanted) const {
        std::vector<Route> some;
        for (const Route& route : routes_)
            if (wanted(route)) some.push_back(part(route));
        return some;
    }
    // The kernel joins IPv6 routes of several links to one, and takes ways of it apart again.
    bool is_divisible(const Route& route) const {
        return !route.dst.ip.is_v4() && route.next_hop_object == 0;
    }
    Route part(const Route& route) const {
        return is_divisible(route) ? only_through(link_, route) : route;
    }
    bool stays(const Route& route) const {
        if (is_link_local(route)) return true;
        if (leads_elsewhere(route, link_) && !is_divisible(route)) return true;
        return config_.keeps_hints && route.scope == RT_SCOPE_LINK;
    }

    const Config& config_;
    const Link& link_;
    bool is_replaced_;
    std::vector<Route> routes_;
};

// The source is taken by packets that have none yet.
Route hint_of(const IpConfig& ip) {
    return {.dst = ip.address.network(), .source = ip.address.ip, .protocol = own_protocol};
}

Rule rule_of(const Ip& ip, int table) {
    return {.family = ip.family(), .from = Prefix::host(ip), .table = table};
}

class Planner {
public:
    Planner(const Config& config, const Link& link, const std::vector<IpConfig>& ips,
            const Found& found, const std::vector<Rule>& owned, UnusedTables& tables)
        : config_(config), link_(link), ips_(ips), found_(found), owned_(owned), tables_(tables) {}

    Plan make() {
        for (const Family family : both_families) add(family);
        return plan_;
    }

private:
    void add(Family family) {
        const Source source(config_, link_, found_, family);
        const IpConfig* first = nullptr;
        for (const IpConfig& ip : ips_) {
            if (ip.address.ip.family() != family) continue;
            if (!first) first = &ip;
            place(ip, source.of(ip, ips_));
            add_hint(ip, source);
        }
        if (!first) return;
        if (auto replaced = source.replaced(); !replaced.empty()) keep(first->address.ip, replaced);
        std::ranges::move(source.leaving(), std::back_inserter(plan_.removals));
    }
    void place(const IpConfig& ip, std::vector<Route> routes) {
        const Family family = ip.address.ip.family();
        const Rule rule = choose(rule_of(ip.address.ip, 0));
        const auto present = found_.routes_in(rule.table, family);
        const auto wanted = config_.gateway(family);
        const auto gateway = wanted ? wanted : ip.gateway;
        const auto is_there = [&](const Route& route) {
            return is_default(route) && (!wanted || route.gw == wanted);
        };
        if (gateway && !has_default(routes) && std::ranges::none_of(present, is_there))
            routes.push_back(
                {.dst = Prefix::everything(family), .gw = gateway, .protocol = own_protocol});
        add_placement(rule, std::move(routes));
    }
    // Packets to an address of the container's own have met the rule for table local before.
    void keep(const Ip& ip, std::vector<Route> routes) {
        Rule rule = rule_of(ip, 0);
        rule.to = rule.from;
        add_placement(choose(rule), std::move(routes));
    }
    void add_placement(const Rule& rule, std::vector<Route> routes) {
        for (Route& route : routes) route.table = rule.table;
        sort_for_adding(routes);
        plan_.placements.push_back({rule, std::move(routes)});
    }
    void add_hint(const IpConfig& ip, const Source& source) {
        const bool has_subnet = ip.address.length < ip.address.ip.bits();
        const Route hint = hint_of(ip);
        if (config_.keeps_hints && has_subnet && !source.keeps(hint)) plan_.hints.push_back(hint);
    }
    /// The same rule with a table: the one that it has, or an unused one.
    Rule choose(Rule rule) {
        const auto is_it = [&](const Rule& there) {
            return there.from == rule.from && there.to == rule.to &&
                   !is_reserved_table(there.table);
        };
        if (const auto there = std::ranges::find_if(owned_, is_it); there != owned_.end())
            return *there;
        rule.table = tables_.take(first_table);
        rule.protocol = own_protocol;
        return rule;
    }

    const Config& config_;
    const Link& link_;
    const std::vector<IpConfig>& ips_;
    const Found& found_;
    const std::vector<Rule>& owned_;
    UnusedTables& tables_;
    Plan plan_;
};

}  // namespace

std::vector<Rule> rules_for(int table, const std::vector<Prefix>& addresses) {
    std::vector<Rule> rules;
    for (const Prefix& address : addresses) {
        rules.push_back(rule_of(address.ip, table));
        rules.back().protocol = rule_only_protocol;
    }
    return rules;
}

std::vector<NlRequest> Plan::additions(const Link& link) const {
    std::vector<NlRequest> requests;
    for (const Placement& placement : placements)
        if (!placement.rule.priority) requests.push_back(add_rule(placement.rule));
    for (const Placement& placement : placements)
        for (const Route& route : placement.routes) requests.push_back(append_route(link, route));
    for (const Route& hint : hints) requests.push_back(ensure_route(link, hint));
    return requests;
}

Plan make_plan(const Config& config, const Link& link, const std::vector<IpConfig>& ips,
               const Found& found, const std::vector<Rule>& owned, UnusedTables& tables) {
    return Planner(config, link, ips, found, owned, tables).make();
}

}  // namespace cni::sbr
