#pragma once

#include "cni/result.h"
#include "netlink/link.h"

namespace cni {

/// Throws Error(internal) unless every address of the result is on the link with the same prefix
/// length and its gateway can be reached through the link.
void check_addresses(Rtnl& container, const Link& link, const Result& result);

/// Throws Error(internal) unless every route of the result is there, through the link, with its
/// table and, when it names one, its gateway. Any default route serves for a default route.
void check_routes(Rtnl& container, const Link& link, const Result& result);

}  // namespace cni
