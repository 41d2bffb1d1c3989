#pragma once

#include "config.h"
#include "sys/netns.h"

namespace cni::bridge {

/// Finds the bridge or makes it, with a MAC of its own that no port can change, up. Any number of
/// processes may do so at the same time.
Link ensure_bridge(Rtnl& host, const Config& config);

/// Hairpin mode, isolation and VLANs of the host's port; `port` must be new.
void configure_port(Rtnl& host, const Link& port, const Config& config);

/// The bridge as the host sees it on VLAN `config.vlan`: the interface "<bridge>.<vlan>", one end
/// of a pair whose other end is a port of the bridge. Found, or made and up.
Link ensure_vlan_interface(Rtnl& host, const Config& config, const Link& bridge);

/// Brings the port up and waits until it forwards, which it does at once unless spanning tree runs.
/// Throws Error(internal) after 2.5 seconds.
Link bring_up_port(Rtnl& host, const Link& port);

}  // namespace cni::bridge
