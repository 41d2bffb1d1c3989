#pragma once

#include "admission.h"
#include "cni/result.h"
#include "netlink/link.h"

namespace cni::firewall {

/// The first interface of the host in prevResult that is no bridge. Throws Error(invalid_config)
/// when there is none, or when it belongs to what the host's nftables does not look into.
Door get_door(Rtnl& host, const Result& result);

}  // namespace cni::firewall
