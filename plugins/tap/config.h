#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cni/plugin.h"
#include "net/mac.h"

namespace cni {
struct PluginKeys;
}

namespace cni::tap {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "gives containers an interface whose other side is a program, a virtual machine say";

/// The tap plugin's configuration; every value is valid.
struct Config {
    bool multi_queue = false;
    std::uint32_t mtu = 0;                      ///< bytes; 0: the kernel's choice
    std::optional<Mac> mac;                     ///< nullopt: the kernel draws one
    std::optional<std::uint32_t> owner, group;  ///< who may attach, besides root
    std::string bridge;                         ///< in the container; "": none
    std::string selinux_context;                ///< of who makes it; "": the plugin's own
    bool layer3 = false;
};

/// With a MAC from the configuration alone. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);
/// With one from CNI_ARGS as well. Throws likewise, Error(invalid_environment) for its keys.
Config parse_config(const Request& request);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::tap
