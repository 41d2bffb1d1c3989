#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attachments.h"
#include "base/named.h"

namespace cni::tool {

/// Whether somebody lives who needs a lease.
enum class LeaseState { alive, dead, unknown };
constexpr Named<LeaseState> lease_state_names[] = {
    {"alive", LeaseState::alive}, {"dead", LeaseState::dead}, {"unknown", LeaseState::unknown}};

struct JudgedLease {
    host_local::LeaseView lease;
    LeaseState state;
    std::string proof;  ///< a sentence
};

/// All leases that can be read, sorted by network and address. Dead are those whose attachment has
/// no link that is found and whose address no interface bears, in any namespace that has a path.
std::vector<JudgedLease> judge_leases(const NodeAttachments& node);

}  // namespace cni::tool
