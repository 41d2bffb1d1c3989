#pragma once

#include <optional>
#include <string>

#include "cni/plugin.h"
#include "passage.h"

namespace cni {
struct PluginKeys;
}

namespace cni::firewall {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about =
    "lets containers through a host that drops, keeps bridges apart, holds containers to declared "
    "rules";

/// The firewall plugin's configuration; every value is valid.
struct Config {
    /// "iptables", "nftables" or "firewalld"; nullopt: the host's choice.
    std::optional<std::string> backend;
    std::string zone;         ///< firewalldZone
    std::string admin_chain;  ///< iptablesAdminChainName
    Policy policy = Policy::open;
    Admission admission = {};
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// For all addresses of `result`, whichever interface they are of: what the plugins before have
/// made is what is let through. Throws Error(invalid_config) when the policy needs a bridge and
/// `result` does not begin with one, or no address is there to open a gate. Door is not known yet.
Passage passage_of(const Config& config, const Result& result, const Owner& owner);

/// The same for DEL, as far as `result` tells.
Trace trace_of(const Result& result);

/// The zone of firewalld that an attachment may be in which nobody recorded; "" when it is in none,
/// or when the configuration is in error.
std::string zone_for_removal(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::firewall
