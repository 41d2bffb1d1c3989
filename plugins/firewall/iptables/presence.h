#pragma once

#include "base/error.h"
#include "iptables/table.h"
#include "rules.h"

namespace cni::firewall::iptables {

inline bool has(ipt::Table& table, const std::string& chain, const Spelled& wanted) {
    return table.has_rule(chain, wanted.rule) ||
           (wanted.earlier && table.has_rule(chain, *wanted.earlier));
}

/// Throws Error unless the rule is there. `what` is what the reference plugin calls it.
inline void require_rule(ipt::Table& table, const std::string& chain, const Spelled& wanted,
                         std::string_view what) {
    if (!has(table, chain, wanted))
        throw Error(Code::internal, cat("expected ", what, " [", wanted.text, "] not found"));
}

}  // namespace cni::firewall::iptables
