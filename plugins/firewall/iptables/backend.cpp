#include "backend.h"

#include <algorithm>
#include <set>

#include "../bridge_ports.h"
#include "base/contains.h"
#include "isolation.h"
#include "presence.h"
#include "records.h"
#include "rules.h"

namespace cni::firewall::iptables {
namespace {

using ipt::Rule;
using ipt::Table;

// ---------------------------------------------------------------- what is shared

/// Whether nothing but the jump to the isolation stands ahead of the one to CNI-FORWARD.
bool is_let_through_first(Table& table) {
    auto rules = table.rules(forward);
    if (!rules.empty() && isolation_jump().is(rules.front())) rules.erase(rules.begin());
    return !rules.empty() && forward_jump().is(rules.front());
}

void ensure_forward_jump(Table& table) {
    table.ensure_chain(passages);
    if (is_let_through_first(table)) return;
    const Rule jump = forward_jump().rule;
    table.remove_jumps(forward, passages, [&](const Rule& rule) { return rule == jump; });
    table.prepend(forward, jump);
    lift_isolation(table);
}

/// What stands ahead of the jump to CNI-FORWARD may be somebody's intention, unless it leaves no
/// packet to it.
void require_reached(Table& table) {
    const Spelled jump = forward_jump();
    for (const Rule& rule : table.rules(forward)) {
        if (jump.is(rule)) return;
        if (ends_all(rule))
            throw Error(Code::internal, cat("expected FORWARD rule [", jump.text,
                                            "] ahead of one that no packet gets past"));
    }
}

/// Whether nothing but jumps to chains of administrators stands ahead of this one.
bool comes_first(Table& table, const Rule& admin_jump) {
    const auto rules = table.rules(passages);
    const auto first = std::ranges::find_if_not(rules, is_admin_jump);
    return std::find(rules.begin(), first, admin_jump) != first;
}

void ensure_admin_jump(Table& table, const std::string& chain) {
    table.ensure_chain(chain);
    const Rule jump = admin_jump(chain).rule;
    if (comes_first(table, jump)) return;
    table.remove(passages, [&](const Rule& rule) { return rule == jump; });
    table.prepend(passages, jump);
}

// ---------------------------------------------------------------- what attachments have

std::vector<Record> records_of(const Passage& passage, Family family) {
    std::vector<Record> out;
    for (const Prefix& address : passage.addresses)
        if (address.ip.family() == family)
            out.push_back({address, owner_comment(passage.owner), passage.policy, passage.bridge});
    return out;
}

void ensure_passage(Table& table, const Prefix& address) {
    for (const Spelled& wanted : {inbound(address), outbound(address)})
        if (!table.has_rule(passages, wanted.rule)) table.append(passages, wanted.rule);
}

void remove_passage(Table& table, const Prefix& address) {
    table.remove(passages, [&](const Rule& rule) { return let_through(rule) == address; });
}

/// Whether the reference plugin lets containers through, of which nobody knows the bridge.
bool has_unrecorded(Table& table, const Records& records) {
    return std::ranges::any_of(table.rules(passages), [&](const Rule& rule) {
        const auto address = let_through(rule);
        return address && !records.has_address(*address);
    });
}

/// Removes rules for addresses that are recorded no more; returns how many.
std::size_t clear_addresses(Table& table, const Records& records,
                            const std::vector<Record>& removed,
                            const std::vector<Prefix>& unrecorded) {
    std::set<Prefix> addresses;
    for (const Prefix& address : unrecorded) addresses.insert(Prefix::host(address.ip));
    for (const Record& record : removed) addresses.insert(record.address);
    std::erase_if(addresses, [&](const Prefix& address) { return records.has_address(address); });
    if (addresses.empty()) return 0;
    return table.remove(passages, [&](const Rule& rule) {
        const auto address = let_through(rule);
        return address && addresses.contains(*address);
    });
}

/// The bridges that what is removed was on, as far as nobody is recorded there any more.
std::set<std::string> left_bridges(const Records& records, const std::vector<Record>& removed,
                                   const Trace& trace) {
    std::set<std::string> out = {trace.bridge};
    for (const Record& record : removed) out.insert(record.bridge);
    out.erase("");
    std::erase_if(out, [&](const std::string& bridge) { return records.has_bridge(bridge); });
    return out;
}

/// Removes rules for what is recorded no more, and for what `trace` tells, if nobody recorded it.
void clear(Table& table, const Records& records, const std::vector<Record>& removed,
           const Trace& trace) {
    const std::size_t gone = clear_addresses(table, records, removed, trace.addresses);
    const auto bridges = left_bridges(records, removed, trace);
    if (bridges.empty()) return;
    const auto policed = policed_bridges(table);
    const bool was_last = (gone > 0 || !removed.empty()) && !has_unrecorded(table, records);
    for (const std::string& bridge : bridges)
        if (policed.contains(bridge) &&
            (was_last || is_deserted(bridge, bridge == trace.bridge ? trace.port : "")))
            remove_isolation(table, bridge);
}

/// What the reference plugin never removes.
void clear_deserted(Table& table, const Records& records) {
    for (const std::string& bridge : policed_bridges(table))
        if (!records.has_bridge(bridge) && is_deserted(bridge, "")) remove_isolation(table, bridge);
}

void check_let_through(Table& table, const Passage& passage) {
    require_rule(table, forward, forward_jump(), "FORWARD rule");
    if (!table.is_hooked(forward))
        throw Error(Code::internal, "chain FORWARD of table filter is not where iptables has it");
    require_reached(table);
    const Spelled admin = admin_jump(passage.admin_chain);
    require_rule(table, passages, admin, "CNI-FORWARD rule");
    if (!comes_first(table, admin.rule))
        throw Error(Code::internal,
                    cat("expected CNI-FORWARD rule [", admin.text, "] ahead of all others"));
    for (const Record& record : records_of(passage, table.family()))
        for (const Spelled& wanted : {inbound(record.address), outbound(record.address)})
            require_rule(table, passages, wanted, "rule");
}

}  // namespace

void add(Table& table, const Passage& passage) {
    const bool lets_through = passage.zone.empty();
    if (lets_through) {
        ensure_forward_jump(table);
        ensure_admin_jump(table, passage.admin_chain);
    }
    if (passage.policy != Policy::open) ensure_isolation(table, passage.bridge, passage.policy);
    Records records(table);
    const auto wanted = records_of(passage, table.family());
    for (const Record& record : wanted) {
        lets_through ? ensure_passage(table, record.address)
                     : remove_passage(table, record.address);
        records.add(record);
    }
    const auto earlier = records.remove([&](const Record& record) {
        return is_comment_of(passage.owner, record.comment) && !contains(wanted, record);
    });
    clear(table, records, earlier, {});
}

void check(Table& table, const Passage& passage) {
    if (passage.zone.empty()) check_let_through(table, passage);
    if (passage.policy != Policy::open) check_isolation(table, passage.bridge, passage.policy);
}

void remove(Table& table, const Owner& owner, const Trace& trace) {
    Records records(table);
    const auto removed =
        records.remove([&](const Record& record) { return is_comment_of(owner, record.comment); });
    clear(table, records, removed, trace);
}

void gc(Table& table, const std::string& network, const std::vector<Owner>& valid) {
    std::set<std::string> kept;
    for (const Owner& owner : valid)
        for (std::string& comment : owner_comments({network, owner.container_id, owner.ifname}))
            kept.insert(std::move(comment));
    Records records(table);
    const auto removed = records.remove([&](const Record& record) {
        return is_comment_of_network(network, record.comment) && !kept.contains(record.comment);
    });
    clear(table, records, removed, {});
    clear_deserted(table, records);
}

}  // namespace cni::firewall::iptables
