#pragma once

#include <string>

#include "cni/config.h"
#include "net/mac.h"

namespace cni {
struct PluginKeys;
}

namespace cni::host_device {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "lends a network device of the host to a container";

/// Which device it is. Of the first three the first that is given counts, and the others are empty:
/// what is not needed is not looked at.
struct Config {
    std::string device;       ///< a name, which may be an alternative one
    LinkAddress address;      ///< hwaddr
    std::string kernel_path;  ///< kernelpath below /sys/devices: "pci0000:00/0000:00:1f.6"
    std::string pci_id;       ///< pciBusID
    std::string device_id;    ///< runtimeConfig.deviceID: of a PCI or of an auxiliary device

    /// So may a configuration be that leaves it to the runtime (capability deviceID), while this
    /// does not say.
    bool names_none() const;
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What is wrong with a configuration that names no device.
Error no_device();

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::host_device
