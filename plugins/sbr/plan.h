#pragma once

#include <vector>

#include "cni/result.h"
#include "config.h"
#include "netlink/table.h"
#include "owned_rules.h"

namespace cni::sbr {

/// Chosen are the unused ones from this on, as the reference plugin does.
inline constexpr int first_table = 100;

/// A rule, which has a priority when it is there, and what is to be in the table it leads to.
struct Placement {
    Rule rule;
    std::vector<Route> routes;
};

/// All that ADD is to do. What is there already is part of it, so that it can be done again.
struct Plan {
    std::vector<Placement> placements;
    std::vector<Route> hints;     ///< to be in table main
    std::vector<Route> removals;  ///< to be in it no more: each is in a placement

    /// Rules first: an empty table changes nothing, and what is in one is found by its rule.
    std::vector<NlRequest> additions(const Link& link) const;
};

/// Without a table of the configuration. `link` has the addresses `ips`; `owned` are the rules of
/// theirs that are there, whose tables are kept.
Plan make_plan(const Config& config, const Link& link, const std::vector<IpConfig>& ips,
               const Found& found, const std::vector<Rule>& owned, UnusedTables& tables);

/// The rules for a table that somebody else fills.
std::vector<Rule> rules_for(int table, const std::vector<Prefix>& addresses);

}  // namespace cni::sbr
