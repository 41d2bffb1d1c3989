#pragma once

#include <optional>
#include <string>

/// What sysfs tells of devices. Names are of configurations, and checked: a name leads nowhere
/// else.
namespace cni::host_device {

/// Where ids of a bus are looked up.
enum class Bus { pci, auxiliary };

bool has_device(Bus bus, const std::string& id);

/// The name of a PCI device's driver. Throws Error(internal) when there is no such device, or no
/// driver has it.
std::string pci_driver(const std::string& id);

/// The interface of a device: of several the first, sorted by name. Throws Error(internal) naming
/// the folder in which there is none.
std::string interface_of(Bus bus, const std::string& id);
/// The same of a device by its path below /sys/devices.
std::string interface_of_path(const std::string& path);

}  // namespace cni::host_device
