#pragma once

#include <set>
#include <utility>
#include <vector>

#include "netlink/rule.h"

namespace cni {

/// Routing tables that nothing in a namespace refers to. Whoever chooses one holds a NetnsLock
/// until it is in use.
class UnusedTables {
public:
    /// Looks at these rules, at the routes of all tables and at VRF devices: lists all of them.
    UnusedTables(Rtnl& rtnl, const std::vector<Rule>& rules);
    explicit UnusedTables(std::set<int> used) : used_(std::move(used)) {}

    /// The lowest one from `first`, which is positive, on; in use from then on. Not one of those
    /// that the kernel reserves (linux/rtnetlink.h, RT_TABLE_*).
    int take(int first);

private:
    std::set<int> used_;
};

/// Whether a table is one of the kernel's own: main, local, default, or none at all.
bool is_reserved_table(int table);

}  // namespace cni
