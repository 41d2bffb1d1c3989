#pragma once

#include <optional>
#include <vector>

#include "base/undo.h"
#include "config.h"
#include "container/container.h"

/// VRF devices of a container.
namespace cni::vrf {

/// Of the name; throws Error(internal) when another kind of link has it.
std::optional<Link> find_vrf(Rtnl& rtnl, const std::string& name);

/// That one with its table as configured, or a new one, up, for `port` to be in. One that this
/// plugin has made has IPv6 from then on if the port has. Throws Error(internal).
Link ensure_vrf(Undo& undo, Container& container, const Config& config, const Link& port);

/// Those that ensure_vrf() has made and that have no port, nor routes of one that is on its way.
/// Its mark is their MAC address, a hash of the name: it is there from the moment on that the
/// device is.
std::vector<Link> unused_vrfs(Rtnl& rtnl);

int table_of(const Link& vrf);

}  // namespace cni::vrf
