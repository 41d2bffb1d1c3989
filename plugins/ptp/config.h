#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::ptp {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "connects each container to the host by a cable of its own";

/// The ptp plugin's configuration; every value is valid, and there is an IPAM plugin.
struct Config {
    bool ip_masq = false;
    std::optional<std::string> masquerade_backend;  ///< ipMasqBackend
    std::uint32_t mtu = 0;                          ///< bytes; 0: the kernel's choice
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::ptp
