#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/ip.h"
#include "netlink/link.h"

namespace cni {

/// A rule of policy routing that sends packets to a table by their addresses (linux/fib_rules.h).
struct Rule {
    Family family = Family::v4;
    std::optional<Prefix> from = {};
    std::optional<Prefix> to = {};
    int table = 0;  ///< as in Route; 0: of a rule that sends packets to no table
    std::optional<std::uint32_t> priority =
        {};                     ///< nullopt: the kernel's choice, before all others
    std::uint8_t protocol = 0;  ///< RTPROT_*: who made it
    bool is_plain = true;       ///< looks at nothing but `from` and `to`, and is of no other action

    /// Whether it looks at the same packets, and does the same with them.
    bool does_same(const Rule& other) const;
    bool operator==(const Rule&) const = default;
};

/// Requests for Rtnl::apply, of plain rules.

/// EEXIST when there is the same with this priority; without one, it is always another rule.
NlRequest add_rule(const Rule& rule);
/// A listed one. Succeeds when it is gone already.
NlRequest remove_rule(const Rule& rule);

/// Of both families, in the order in which packets meet them. Those of later kernels that look at
/// what this program does not know are not plain.
std::vector<Rule> rules(Rtnl& rtnl);

}  // namespace cni
