#pragma once

#include "config.h"
#include "sys/netns.h"

namespace cni::bridge {

/// A bridge as it was found, or made, before the attachment's port joins it.
struct Bridge {
    Link link;
    std::vector<Prefix> addresses;  ///< what it bore, if the configuration gives it addresses
};

/// Throws Error(internal) for a link of another kind that has the bridge's name.
void require_bridge(const Link& link);

/// Finds the bridge or makes it, with a MAC of its own that no port can change, up. One that was
/// made by hand keeps the MAC it has from when it gets its first address. Any number of processes
/// may do so at the same time.
Bridge ensure_bridge(Rtnl& host, const Config& config);

/// The bridge, with a port more. When it bore an address that was not from us, and took the MAC of
/// the port for its own, it is given back the one it had, for good.
Link keep_mac(Rtnl& host, const Config& config, const Link& before);

/// Hairpin mode, isolation and VLANs of the host's port; `port` must be new.
void configure_port(Rtnl& host, const Link& port, const Config& config);

/// Brings the port up and waits until it forwards, which it does at once unless spanning tree runs.
/// Throws Error(internal) after 2.5 seconds.
Link bring_up_port(Rtnl& host, const Link& port);

}  // namespace cni::bridge
