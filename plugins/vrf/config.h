#pragma once

#include <cstdint>
#include <string>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::vrf {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "puts the interface into a routing domain of its own, with its addresses and routes";

/// The vrf plugin's configuration; every value is valid.
struct Config {
    std::string name;         ///< vrfname
    std::uint32_t table = 0;  ///< 0: one that nothing uses
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::vrf
