#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../passage.h"
#include "iptables/table.h"

namespace cni::firewall::iptables {

/// Whose an address is that rules of the reference plugin's let through, which name nobody: a rule
/// of a chain that no packet comes to. Its comment names the attachment (owner_comment), its
/// interfaces tell the bridge and the policy there: as input for same-bridge, as both for isolated.
struct Record {
    Prefix address;
    std::string comment;
    Policy policy = Policy::open;
    std::string bridge;  ///< "" when the policy is open
    bool operator==(const Record&) const = default;
};

/// The records of a table, read once; what is done to them is done to the table.
class Records {
public:
    using Filter = std::function<bool(const Record&)>;

    explicit Records(ipt::Table& table);

    bool has_address(const Prefix& address) const { return addresses_.contains(address); }
    bool has_bridge(const std::string& bridge) const;

    /// Unless there is an equal one.
    void add(const Record& record);
    /// Returns those that it removes.
    std::vector<Record> remove(const Filter& filter);

private:
    ipt::Table& table_;
    std::vector<Record> all_;
    std::multiset<Prefix> addresses_;
};

}  // namespace cni::firewall::iptables
