#pragma once

#include <cstdint>
#include <optional>

#include "cni/parent_choice.h"
#include "cni/plugin.h"
#include "net/mac.h"
#include "netlink/kinds/macvlan.h"

namespace cni {
struct PluginKeys;
}

namespace cni::macvlan {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "puts containers beside the host on its network, with MAC addresses of their own";

/// The macvlan plugin's configuration; every value is valid.
struct Config {
    ParentChoice parent;     ///< master, linkInContainer
    Macvlan kind;            ///< mode, bcqueuelen
    std::uint32_t mtu = 0;   ///< bytes; 0: the master's
    std::optional<Mac> mac;  ///< wished for
    bool layer3 = false;     ///< an IPAM plugin is configured
};

/// All but what CNI_ARGS say of `mac`. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);
/// Throws Error(invalid_config or invalid_environment) likewise.
Config parse_config(const Request& request);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::macvlan
