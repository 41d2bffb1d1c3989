#pragma once

#include "config.h"
#include "netlink/tc/tbf.h"

namespace cni::bandwidth {

/// What limits a link of this MTU (bytes). It holds the burst of the configuration, but
///
/// - where that is one that runtimes send who were told none, what the rate carries in a tenth of a
///   second: else nothing would be limited for the first seconds;
/// - at least one frame: else none of full size would ever pass.
///
/// What may wait is the burst and what the rate carries in 25 milliseconds, as the reference plugin
/// has it.
Tbf bucket_of(const Limit& limit, std::uint32_t mtu);

/// Whether it is what bucket_of() says, or what the reference plugin makes of the limit where its
/// numbers do not overflow.
bool is_bucket_of(const TbfSettings& told, const Limit& limit, std::uint32_t mtu);

}  // namespace cni::bandwidth
