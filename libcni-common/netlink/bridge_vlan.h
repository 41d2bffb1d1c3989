#pragma once

#include <cstdint>
#include <vector>

#include "netlink/link.h"

namespace cni {

/// A VLAN a bridge port carries (linux/if_bridge.h, BRIDGE_VLAN_INFO_*).
struct PortVlan {
    std::uint16_t id = 0;
    bool pvid = false;      ///< untagged frames from the port belong to it
    bool untagged = false;  ///< its frames leave the port without a tag
    auto operator<=>(const PortVlan&) const = default;
};

/// All VLANs of the port in one request; an id the port has already gets the new flags.
NlRequest add_vlans(const Link& port, const std::vector<PortVlan>& vlans);
NlRequest remove_all_vlans(const Link& port);

/// Makes the host itself, behind the bridge, a tagged member of a VLAN.
NlRequest add_own_vlan(const Link& bridge, std::uint16_t id);

/// Sorted by id; of a bridge itself, what the host is a member of.
std::vector<PortVlan> vlans(Rtnl& rtnl, const Link& port);

}  // namespace cni
