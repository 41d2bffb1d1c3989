#pragma once

#include "container/container.h"

namespace cni {

/// Whether a link follows the MAC of the one it is on, unless its own is set: then a VLAN interface
/// keeps it (vlan_sync_address() in net/8021q/vlan.c), and an ipvlan's cannot be. Such links have a
/// carrier from when they come up, and are announced then, by vlan_dev_open() and ipvlan_open():
/// the addresses that they have by then, and no others.
bool is_announced_by_coming_up(const Link& link);

/// Has the neighbours of a container's new interface, which is up, told of its addresses: who had
/// one of them before may have had another MAC. The kernel does so as arp_notify and ndisc_notify
/// ask for, see configure_interface(). Throws NlError.
void announce_addresses(Container& container);

}  // namespace cni
