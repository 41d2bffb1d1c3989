#pragma once

#include <string>
#include <vector>

#include "cni/plugin.h"
#include "owner.h"
#include "policy.h"
#include "range.h"

namespace cni {
struct PluginKeys;
}

namespace cni::host_local {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "hands out addresses from ranges, leases in files";
/// "ipam.dataDir" where a configuration has none.
constexpr std::string_view default_data_dir = "/var/lib/cni/networks";

/// Where the leases of a network are. All that DEL and GC need: they must work whatever else is
/// wrong with the configuration.
struct Location {
    std::string data_dir;
    std::string network;

    /// Throws Error(invalid_config) when "ipam.dataDir" is no string.
    static Location parse(const NetConf& conf);
    /// The directory of the leases.
    std::string path() const { return cat(data_dir, "/", network); }
};

/// Whether addresses are to rest behind their release, for DEL and GC likewise: no, where that
/// cannot be read.
bool has_cooldown(const NetConf& conf);

struct Config {
    Location location;
    /// Each provides one address. Disjoint; none only where the runtime may still bring them.
    std::vector<RangeSet> sets;
    /// Addresses asked for, in the order given, without duplicates.
    std::vector<Ip> requested;
    std::vector<Route> routes;
    std::string resolv_conf;  ///< path; "" for none
    Policy policy;
    /// Who asks, by the names that matter to the policy; only of a request.
    std::vector<Owner> owners;

    /// Who is to come back to his addresses; null when nobody is.
    const Owner* returning() const;
};

/// What the configuration says. Throws Error(invalid_config).
Config parse_config(const NetConf& conf);
/// The same with what CNI_ARGS ask for, and at least one set.
/// Throws Error(invalid_config or invalid_environment).
Config parse_config(const Request& request);

/// Throws Error(invalid_config) when there are no sets.
void require_sets(const Config& config);
/// False where the runtime may bring more ranges, as the capability says, and has brought none yet.
bool has_all_ranges(const NetConf& conf);

/// The first set in which somebody without reservations finds no free address; null when he finds
/// one in each.
const RangeSet* find_exhausted(const Config& config, const std::vector<Ip>& taken);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::host_local
