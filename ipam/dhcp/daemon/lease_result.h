#pragma once

#include "../protocol/lease4.h"
#include "../protocol/lease6.h"
#include "cni/result.h"

namespace cni::dhcp {

/// What a lease says, as an IPAM plugin tells it; all routes have this metric (0: the kernel's).
Result result_of(const Lease4& lease, std::int64_t priority);
/// One address and DNS: which prefix is on the link, and where routes lead, routers tell the
/// kernel.
Result result_of(const Lease6& lease, std::int64_t priority);

/// Adds what the lease of another family says. Of two domains the first one counts.
void append(Result& whole, const Result& part);

}  // namespace cni::dhcp
