#pragma once

#include <optional>

#include "cni/plugin.h"
#include "netlink/link.h"

namespace cni {

/// The host's end of a pair that the reference plugins made and that no record tells, for DEL: the
/// peer of CNI_IFNAME in CNI_NETNS. Both may be other than they were, the namespace another
/// container's and the interface one that this container has made. So it must be a pair whose other
/// end is really in the host's namespace (which no container can bring about), named as those
/// plugins name theirs and known to be nobody else's: neither by its alias nor by `record`, the
/// prevResult.
std::optional<Link> find_unrecorded_link(Rtnl& host, const Request& request,
                                         const std::optional<Result>& record);

}  // namespace cni
