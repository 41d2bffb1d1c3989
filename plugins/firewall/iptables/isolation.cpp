#include "isolation.h"

#include <algorithm>

#include "base/error.h"
#include "presence.h"
#include "rules.h"

namespace cni::firewall::iptables {
namespace {

using ipt::Rule;
using ipt::Table;

/// Whether the jump to stage 1 stands ahead of the one to CNI-FORWARD.
bool comes_first(const std::vector<Rule>& rules) {
    const Spelled isolation = isolation_jump(), let_through = forward_jump();
    const auto first = std::ranges::find_if(
        rules, [&](const Rule& rule) { return isolation.is(rule) || let_through.is(rule); });
    return first != rules.end() && isolation.is(*first);
}

std::size_t remove_jump(Table& table) {
    return table.remove_jumps(
        forward, stage_1, [jump = isolation_jump()](const Rule& rule) { return jump.is(rule); });
}

void prepend_missing(Table& table, const std::string& chain, const Spelled& wanted) {
    if (!has(table, chain, wanted)) table.prepend(chain, wanted.rule);
}

void append_missing(Table& table, const std::string& chain, const Spelled& wanted) {
    if (!has(table, chain, wanted)) table.append(chain, wanted.rule);
}

}  // namespace

void lift_isolation(Table& table) {
    if (remove_jump(table) > 0) table.prepend(forward, isolation_jump().rule);
}

void ensure_isolation(Table& table, const std::string& bridge, Policy policy) {
    table.ensure_chain(stage_1);
    table.ensure_chain(stage_2);
    if (!comes_first(table.rules(forward))) {
        remove_jump(table);
        table.prepend(forward, isolation_jump().rule);
    }
    prepend_missing(table, stage_1, leaving(bridge, policy));
    if (policy == Policy::isolated) prepend_missing(table, stage_1, staying(bridge));
    append_missing(table, stage_1, stage_end());
    prepend_missing(table, stage_2, entering(bridge));
    append_missing(table, stage_2, stage_end());
}

void check_isolation(Table& table, const std::string& bridge, Policy policy) {
    require_rule(table, forward, isolation_jump(), "FORWARD rule");
    if (!comes_first(table.rules(forward)))
        throw Error(Code::internal, cat("expected FORWARD rule [", isolation_jump().text,
                                        "] ahead of [", forward_jump().text, "]"));
    require_rule(table, stage_1, leaving(bridge, policy), "CNI-ISOLATION-STAGE-1 rule");
    if (policy == Policy::isolated)
        require_rule(table, stage_1, staying(bridge), "CNI-ISOLATION-STAGE-1 rule");
    require_rule(table, stage_2, entering(bridge), "CNI-ISOLATION-STAGE-2 rule");
}

std::set<std::string> policed_bridges(Table& table) {
    std::set<std::string> out;
    for (const char* stage : {stage_1, stage_2})
        for (const Rule& rule : table.rules(stage))
            if (auto bridge = policed_bridge(rule)) out.insert(*std::move(bridge));
    return out;
}

void remove_isolation(Table& table, const std::string& bridge) {
    for (const char* stage : {stage_1, stage_2})
        table.remove(stage, [&](const Rule& rule) { return policed_bridge(rule) == bridge; });
}

}  // namespace cni::firewall::iptables
