#include "backend.h"

#include <algorithm>
#include <set>

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

void ensure_forward_jump(Table& table) {
    table.ensure_chain(passages);
    const Rule jump = forward_jump().rule;
    if (table.has_rule(forward, jump)) return;
    table.prepend(forward, jump);
    lift_isolation(table);
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

/// Whether the reference plugin lets containers through, of which nobody knows the bridge.
bool has_unrecorded(Table& table, const Records& records) {
    return std::ranges::any_of(table.rules(passages), [&](const Rule& rule) {
        const auto address = let_through(rule);
        return address && !records.has_address(*address);
    });
}

/// Removes rules for what is recorded no more.
void clear(Table& table, const Records& records, const std::vector<Record>& removed,
           const std::vector<Prefix>& unrecorded) {
    std::set<Prefix> addresses;
    std::set<std::string> bridges;
    for (const Prefix& address : unrecorded) addresses.insert(Prefix::host(address.ip));
    for (const Record& record : removed) {
        addresses.insert(record.address);
        if (!records.has_bridge(record.bridge)) bridges.insert(record.bridge);
    }
    std::erase_if(addresses, [&](const Prefix& address) { return records.has_address(address); });
    if (!addresses.empty())
        table.remove(passages, [&](const Rule& rule) {
            const auto address = let_through(rule);
            return address && addresses.contains(*address);
        });
    bridges.erase("");
    if (bridges.empty() || has_unrecorded(table, records)) return;
    for (const std::string& bridge : bridges) remove_isolation(table, bridge);
}

}  // namespace

void add(Table& table, const Passage& passage) {
    ensure_forward_jump(table);
    ensure_admin_jump(table, passage.admin_chain);
    if (passage.policy != Policy::open) ensure_isolation(table, passage.bridge, passage.policy);
    Records records(table);
    const auto wanted = records_of(passage, table.family());
    for (const Record& record : wanted) {
        ensure_passage(table, record.address);
        records.add(record);
    }
    const auto earlier = records.remove([&](const Record& record) {
        return is_comment_of(passage.owner, record.comment) && !contains(wanted, record);
    });
    clear(table, records, earlier, {});
}

void check(Table& table, const Passage& passage) {
    require_rule(table, forward, forward_jump(), "FORWARD rule");
    if (!table.is_hooked(forward))
        throw Error(Code::internal, "chain FORWARD of table filter is not where iptables has it");
    const Spelled admin = admin_jump(passage.admin_chain);
    require_rule(table, passages, admin, "CNI-FORWARD rule");
    if (!comes_first(table, admin.rule))
        throw Error(Code::internal,
                    cat("expected CNI-FORWARD rule [", admin.text, "] ahead of all others"));
    for (const Record& record : records_of(passage, table.family()))
        for (const Spelled& wanted : {inbound(record.address), outbound(record.address)})
            require_rule(table, passages, wanted, "rule");
    if (passage.policy != Policy::open) check_isolation(table, passage.bridge, passage.policy);
}

void remove(Table& table, const Owner& owner, const std::vector<Prefix>& addresses) {
    Records records(table);
    const auto removed =
        records.remove([&](const Record& record) { return is_comment_of(owner, record.comment); });
    clear(table, records, removed, addresses);
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
}

}  // namespace cni::firewall::iptables
