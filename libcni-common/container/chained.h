#pragma once

#include <string_view>

#include "cni/plugin.h"
#include "cni/result.h"

/// What plugins share that follow another one in the list, which made the interface.
namespace cni {

/// prevResult, for ADD. Throws Error(invalid_config) without one, in words that the reference
/// plugin may have of its own.
Result require_chained(const Request& request,
                       std::string_view missing = "must be called as chained plugin");

/// A prevResult less the addresses of interfaces that are not CNI_IFNAME in CNI_NETNS: other
/// plugins of the list may have added them.
Result own_part(const Result& prev, const Args& args);

}  // namespace cni
