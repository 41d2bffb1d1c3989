#pragma once

#include <cstdint>

#include "cni/config.h"
#include "cni/parent_choice.h"
#include "netlink/kinds/vlan.h"

namespace cni {
struct PluginKeys;
}

namespace cni::vlan {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "gives containers an interface of one VLAN of a host's interface";

/// The vlan plugin's configuration; every value is valid, and there are a master and an IPAM
/// plugin.
struct Config {
    ParentChoice parent;    ///< master, linkInContainer
    Vlan kind;              ///< vlanId, protocol
    std::uint32_t mtu = 0;  ///< bytes; 0: the master's
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::vlan
