#pragma once

#include <optional>
#include <string_view>

#include "cni/plugin.h"
#include "container/container.h"
#include "netlink/link.h"

namespace cni {

/// The attachment's link, of a kind that lies in the container alone: CNI_IFNAME, or one that the
/// container has renamed, as its alias tells (attach/host_link.h). Never one whose alias names
/// another attachment; the reference plugins' have none. A link of another kind, or of another
/// attachment, that is named CNI_IFNAME is told on stderr. Lists the container's links when none is
/// found by its name.
std::optional<Link> find_container_link(Container& container, const Request& request,
                                        std::string_view kind);

}  // namespace cni
