#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::bandwidth {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "limits what a container receives and sends";

/// What may pass in one direction.
struct Limit {
    std::uint64_t rate = 0;   ///< bits per second, at least 8
    std::uint64_t burst = 0;  ///< bits, 8 to 34359738359
    bool operator==(const Limit&) const = default;
};

/// The bandwidth plugin's configuration; every value is valid.
struct Config {
    std::optional<Limit> ingress;  ///< of what the container receives
    std::optional<Limit> egress;   ///< of what it sends

    bool limits_anything() const { return ingress || egress; }
};

/// In each direction what the configuration itself says or, where it says nothing or 0, what
/// runtimeConfig.bandwidth does. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What is wrong with an attachment whose interface is none that can be limited.
Error no_host_end(const std::string& ifname);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::bandwidth
