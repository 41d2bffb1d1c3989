#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config.h"
#include "lease_store.h"

namespace cni::host_local {

/// Which set each requested address is for: per set the first requested one that lies in it.
/// Throws Error(internal) for a gateway, and when an address is left over.
std::vector<std::optional<Ip>> assign_requested(const std::vector<RangeSet>& sets,
                                                const std::vector<Ip>& requested);

/// One address of every set, as requested or in turn. All or none: what was taken is given back
/// when a set fails. Throws Error(internal) when a set is exhausted, a requested address taken, or
/// the attachment holds an address of the set already.
std::vector<IpConfig> allocate(LeaseStore& store, const Config& config, const AttachmentId& owner);

/// Details of such an error: what would make addresses free.
std::string explain_exhaustion(const LeaseStore& store);

}  // namespace cni::host_local
