#pragma once

#include "container/container.h"

namespace cni {

/// Has the neighbours of a container's new interface, which is up, told of its addresses: who had
/// one of them before may have had another MAC. The kernel does so as arp_notify and ndisc_notify
/// ask for, see configure_interface(). Throws NlError.
void announce_addresses(Container& container);

}  // namespace cni
