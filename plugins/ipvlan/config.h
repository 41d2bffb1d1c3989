#pragma once

#include <cstdint>
#include <optional>

#include "cni/config.h"
#include "cni/parent_choice.h"
#include "netlink/kinds/ipvlan.h"

namespace cni {
struct PluginKeys;
}

namespace cni::ipvlan {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "puts containers beside the host on its network, under the host's own MAC address";

/// The ipvlan plugin's configuration; every value is valid.
struct Config {
    ParentChoice parent;  ///< master, linkInContainer
    Ipvlan::Mode mode = Ipvlan::Mode::l2;
    std::optional<Ipvlan::Isolation> isolation;  ///< nullopt: what the master's interfaces have
    std::uint32_t mtu = 0;                       ///< bytes; 0: the master's
    bool has_ipam = false;                       ///< else addresses are a plugin's before this one
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::ipvlan
