#pragma once

#include <optional>
#include <string>

#include "config.h"
#include "netlink/link.h"

namespace cni::host_device {

/// The device of a configuration.
struct Device {
    /// nullopt of one that has no interface, since a program drives it (DPDK).
    std::optional<Link> link;
    std::string pci_id;  ///< "" of what is no PCI device, or was found otherwise
};

/// Throws Error(internal) saying what was looked for and where, Error(invalid_config) when the
/// configuration names none.
Device find_device(Rtnl& host, const Config& config);

/// Whether the device, while it is a PCI device that the configuration names, has no interface.
bool is_driven_by_program(const Config& config);

}  // namespace cni::host_device
