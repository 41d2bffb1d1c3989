#pragma once

#include <vector>

#include "../forwarding.h"

namespace cni::portmap::nftables {

/// Rules without a verdict, one of which matches when all conditions hold: a condition with several
/// values needs one for each, several of those one for each combination. One empty rule when there
/// are no conditions. Throws Error(invalid_config) beyond 1000.
std::vector<nft::Rule> condition_rules(const std::vector<Condition>& conditions);

}  // namespace cni::portmap::nftables
