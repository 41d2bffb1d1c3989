#pragma once

#include "../protocol/client4.h"
#include "cni/result.h"

namespace cni::dhcp {

/// What a lease says, as an IPAM plugin tells it; all routes have this metric (0: the kernel's).
Result result_of(const Lease4& lease, std::int64_t priority);

}  // namespace cni::dhcp
