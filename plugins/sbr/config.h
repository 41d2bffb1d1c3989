#pragma once

#include <optional>
#include <vector>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::sbr {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "routes what the container sends from an address by the interface of that address";

/// The sbr plugin's configuration; every value is valid.
struct Config {
    /// The table that somebody else fills, as in Route; nullopt: routes are moved to chosen ones.
    std::optional<int> table;
    std::vector<Ip> gateways;  ///< one of each family at most; none with a table
    bool keeps_hints = false;  ///< addSourceHints; false with a table

    /// Of the family, in place of what IPAM says.
    std::optional<Ip> gateway(Family family) const;
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::sbr
