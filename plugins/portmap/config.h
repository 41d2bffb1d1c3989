#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cni/plugin.h"
#include "forwarding.h"

namespace cni {
struct PluginKeys;
}

namespace cni::portmap {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "forwards ports of the host to containers";

/// The portmap plugin's configuration; every value is valid.
struct Config {
    std::vector<Mapping> mappings;  ///< distinct, in order
    bool snat = true;
    bool masq_all = false;
    std::uint8_t mark_bit = 13;
    std::optional<std::string> external_mark_chain;
    std::vector<Condition> conditions_v4, conditions_v6;
    /// "iptables" or "nftables", by name or by what other keys are for; nullopt: the host's choice.
    std::optional<std::string> backend;
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// One for each family that `result` has an address of the container in: the first that belongs to
/// interface `ifname`, or to none.
std::vector<Forwarding> forwardings(const Config& config, const Result& result, const Owner& owner);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::portmap
