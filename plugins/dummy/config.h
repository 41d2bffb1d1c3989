#pragma once

#include <cstdint>
#include <optional>

#include "cni/plugin.h"
#include "net/mac.h"

namespace cni {
struct PluginKeys;
}

namespace cni::dummy {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "gives containers an interface that bears addresses and drops what is sent";

/// The dummy plugin's configuration; every value is valid, and there is an IPAM plugin.
struct Config {
    std::optional<Mac> mac;  ///< nullopt: the kernel draws one
    std::uint32_t mtu = 0;   ///< bytes; 0: the kernel's choice
};

/// With a MAC from the configuration alone. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);
/// With one from CNI_ARGS as well. Throws likewise.
Config parse_config(const Request& request);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::dummy
