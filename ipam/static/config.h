#pragma once

#include <vector>

#include "cni/plugin.h"

namespace cni {
struct PluginKeys;
}

namespace cni::static_ipam {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "hands out the addresses it is told";

struct Config {
    /// In the order of the result; maybe none.
    std::vector<IpConfig> addresses;
    std::vector<Route> routes;
    Dns dns;
};

/// The addresses of runtimeConfig.ips, or else of args.cni.ips, or else of ipam.addresses.
/// Throws Error(invalid_config).
Config parse_config(const NetConf& conf);
/// The same, with the addresses of IP in CNI_ARGS behind those of ipam.addresses, completed by
/// GATEWAY. Throws Error(invalid_config or invalid_environment).
Config parse_config(const Request& request);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::static_ipam
