#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config.h"
#include "lease_store.h"

namespace cni::host_local {

/// Which set each requested address is for: per set the first requested one that lies in it.
/// Throws Error(internal) for an address that nobody, or somebody else, gets, and when one is left
/// over.
std::vector<std::optional<Ip>> assign_requested(const Config& config);

/// One address of every set: the requested one, else the one reserved for the owner if it is free,
/// else one he had, else by the strategy. All or none: what was taken is given back when a set
/// fails. Throws Error(internal) when a set is exhausted, a requested address taken, or the
/// attachment holds an address of the set already; Error(try_again_later) when what is free rests.
std::vector<IpConfig> allocate(LeaseStore& store, const Config& config, const AttachmentId& owner);

/// Details of such errors: what would make addresses free, and when one is.
std::string explain_exhaustion(const LeaseStore& store, const Policy& policy);
std::string explain_rest(const Policy& policy, std::int64_t soonest);
/// What a policy may have to do with it.
inline constexpr const char* withheld_by_policy =
    "\"ipam.exclude\", \"ipam.reserve\" and the gateways keep addresses from being given";

}  // namespace cni::host_local
