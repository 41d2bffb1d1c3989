#include <linux/rtnetlink.h>

#include <algorithm>

#include "commands.h"
#include "config.h"
#include "container/chained.h"
#include "netlink/route.h"
#include "plan.h"

namespace cni::sbr {
namespace {

Error failure(std::string msg) {
    return Error(Code::internal, std::move(msg), "DEL and a new ADD make it right");
}

std::string describe(const Route& route) {
    return cat("route to ", route.dst.to_string(),
               route.gw ? cat(" via ", route.gw->to_string()) : "");
}

void check_rule(const Rule& wanted, const std::vector<Rule>& there) {
    if (std::ranges::any_of(there, [&](const Rule& rule) { return rule.does_same(wanted); }))
        return;
    throw failure(cat("no rule sends packets from ", wanted.from->ip.to_string(), " to table ",
                      static_cast<std::uint32_t>(wanted.table)));
}

void check_rule_of_address(const Placement& placement, const std::vector<Rule>& owned) {
    if (std::ranges::find(owned, placement.rule) == owned.end())
        throw failure(cat("no rule sends packets from ", placement.rule.from->ip.to_string(),
                          " to a table of their own"));
}

// Routes that were made in table main since are nobody's fault.
void check_routes(const Plan& plan, const Link& link) {
    for (const Route& route : plan.removals)
        if (route.protocol == RTPROT_KERNEL || route.dst.is_default_route())
            throw failure(cat(describe(route), " of ", link.name, " is in table main"));
    for (const Placement& placement : plan.placements)
        for (const Route& route : placement.routes)
            if (route.protocol == own_protocol)
                throw failure(cat(describe(route), " of ", link.name, " is not in table ",
                                  placement.rule.table));
}

void check_hints(const Plan& plan, const Link& link, const Found& found) {
    for (const Route& hint : plan.hints)
        if (std::ranges::none_of(found.routes, [&](const Route& route) {
                return route.table == RT_TABLE_MAIN && route.dst == hint.dst &&
                       route.source == hint.source;
            }))
            throw failure(cat(describe(hint), " of ", link.name, " is not in table main"));
}

void check_moved(const Config& config, Container& container, const Result& own) {
    const Link link = container.get_interface();
    const Found found = look(container.rtnl, link);
    const auto owned = owned_rules(container.rtnl, link, own.addresses(), found);
    UnusedTables any({});
    const Plan plan = make_plan(config, link, own.ips, found, owned, any);
    for (const Placement& placement : plan.placements)
        if (!placement.rule.to) check_rule_of_address(placement, owned);
    if (!found.is_whole()) return;  // nobody knows them all, and most were added since
    check_routes(plan, link);
    check_hints(plan, link, found);
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const Result own = own_part(request.conf.require_prev_result(), request.args);
    Container container(request.args);
    request.step("check routes");
    if (!config.table) return check_moved(config, container, own);
    const auto there = rules(container.rtnl);
    for (const Rule& rule : rules_for(*config.table, own.addresses())) check_rule(rule, there);
}

void status(const Request& request) {
    request.step("prepare");
    parse_config(request.conf);
}

}  // namespace cni::sbr
