#include "records.h"

#include <algorithm>

#include "base/contains.h"
#include "iptables/extensions.h"

namespace cni::firewall::iptables {
namespace {

using ipt::Rule;

constexpr const char* owners = "CNI-FORWARD-OWNERS";

Rule to_rule(const Record& record) {
    Rule rule;
    rule.source = {record.address};
    if (record.policy != Policy::open) rule.in = {record.bridge};
    if (record.policy == Policy::isolated) rule.out = {record.bridge};
    rule.matches = {ipt::comment(record.comment)};
    return rule;
}

std::optional<Record> parse(const Rule& rule) {
    if (!rule.source) return {};
    Record record{.address = rule.source->value, .comment = rule.comment(), .bridge = {}};
    if (rule.in) {
        record.bridge = rule.in->value;
        record.policy = rule.out ? Policy::isolated : Policy::same_bridge;
    }
    if (rule != to_rule(record)) return {};
    return record;
}

}  // namespace

Records::Records(ipt::Table& table) : table_(table) {
    for (const Rule& rule : table.rules(owners))
        if (auto record = parse(rule)) {
            addresses_.insert(record->address);
            all_.push_back(*std::move(record));
        }
}

bool Records::has_bridge(const std::string& bridge) const {
    return std::ranges::any_of(all_, [&](const Record& record) { return record.bridge == bridge; });
}

void Records::add(const Record& record) {
    if (contains(all_, record)) return;
    table_.ensure_chain(owners);
    table_.append(owners, to_rule(record));
    addresses_.insert(record.address);
    all_.push_back(record);
}

std::vector<Record> Records::remove(const Filter& filter) {
    std::vector<Record> removed;
    std::erase_if(all_, [&](const Record& record) {
        if (!filter(record)) return false;
        removed.push_back(record);
        return true;
    });
    for (const Record& record : removed) addresses_.erase(addresses_.find(record.address));
    if (!removed.empty())
        table_.remove(owners, [&](const Rule& rule) {
            const auto record = parse(rule);
            return record && filter(*record);
        });
    return removed;
}

}  // namespace cni::firewall::iptables
