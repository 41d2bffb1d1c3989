#pragma once

#include "config.h"

namespace cni::bridge {

/// "<bridge>.<vlan>". Throws Error(invalid_config) when that is too long for an interface.
std::string vlan_interface_name(const Config& config);

/// The bridge as the host sees it on VLAN `config.vlan`: the interface "<bridge>.<vlan>", one end
/// of a pair whose other end is a port of the bridge. Found, or made and up. A pair that outlived
/// the bridge is connected again; a VLAN interface of the bridge, made by hand, serves as well.
/// Throws Error naming the interface when it leads elsewhere.
Link ensure_vlan_interface(Rtnl& host, const Config& config, const Link& bridge);

/// The same interface, for CHECK. Throws Error(internal) unless it is there, up, and leads there.
Link get_vlan_interface(Rtnl& host, const Config& config, const Link& bridge);

}  // namespace cni::bridge
