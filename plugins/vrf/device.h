#pragma once

#include <optional>
#include <vector>

#include "base/undo.h"
#include "config.h"
#include "netlink/link.h"

/// VRF devices of a container.
namespace cni::vrf {

/// Of the name; throws Error(internal) when another kind of link has it.
std::optional<Link> find_vrf(Rtnl& rtnl, const std::string& name);

/// That one with its table as configured, or a new one, and up. Throws Error(internal).
Link ensure_vrf(Undo& undo, Rtnl& rtnl, const Config& config);

/// Those that ensure_vrf() has made and that have no port. Its mark is their MAC address, a hash of
/// the name: it is there from the moment on that the device is.
std::vector<Link> unused_vrfs(Rtnl& rtnl);

int table_of(const Link& vrf);

}  // namespace cni::vrf
