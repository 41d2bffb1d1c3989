#include <algorithm>

#include "base/undo.h"
#include "commands.h"
#include "config.h"
#include "container/chained.h"
#include "container/netns_lock.h"
#include "netlink/route.h"
#include "plan.h"

namespace cni::sbr {
namespace {

Result require_addresses(const Request& request) {
    Result result = require_chained(request);
    if (!result.ips.empty()) return result;
    throw Error(Code::invalid_config,
                cat("No IP addresses supplied on interface: ", request.args.ifname));
}

bool is_among(const std::vector<Rule>& rules, const Rule& rule) {
    return std::ranges::any_of(rules, [&](const Rule& each) { return each.does_same(rule); });
}

// The interface need not be there.
void add_rules(const Request& request, Rtnl& rtnl, const std::vector<Rule>& wanted) {
    request.step("add rules");
    const auto before = rules(rtnl);
    Undo undo(request.steps);
    for (const Rule& rule : wanted) {
        if (is_among(before, rule)) continue;
        undo.on_failure("remove the rule", [&rtnl, rule] { rtnl.apply(remove_rule(rule)); });
        rtnl.apply(add_rule(rule));
    }
    undo.commit();
}

void move_routes(const Request& request, const Config& config, Container& container,
                 const Result& own) {
    request.step("plan routes");
    Rtnl& rtnl = container.rtnl;
    const Link link = container.get_interface();
    const Found found = look(rtnl, link);
    if (!found.is_whole())
        throw Error(
            Code::internal,
            cat(link.name, " has more than ", most_moved_routes, " routes: too many to move"),
            "remove some, or have \"table\" name one that is filled by somebody else");
    UnusedTables tables(rtnl, found.rules);
    const auto owned = owned_rules(rtnl, link, own.addresses(), found);
    const Plan plan = make_plan(config, link, own.ips, found, owned, tables);
    std::vector<NlRequest> removals;
    for (const Route& route : plan.removals) removals.push_back(remove_route(link, route));

    Undo undo(request.steps);
    undo.on_failure("put the routes back", [&] { put_back(rtnl, link, own.addresses()); });
    request.step("move routes");
    // Killed anywhere, each is in one of the tables at least.
    rtnl.transact(plan.additions(link));
    rtnl.transact(removals);
    undo.commit();
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_addresses(request);
    const Result own = own_part(result, request.args);
    Container container(request.args);
    if (own.ips.empty()) return result;
    const NetnsLock lock(container.netns);
    if (config.table)
        add_rules(request, container.rtnl, rules_for(*config.table, own.addresses()));
    else
        move_routes(request, config, container, own);
    return result;
}

}  // namespace cni::sbr
