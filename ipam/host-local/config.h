#pragma once

#include <string>
#include <vector>

#include "cni/plugin.h"
#include "range.h"

namespace cni::host_local {

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

struct Config {
    Location location;
    /// Each provides one address. Disjoint, at least one.
    std::vector<RangeSet> sets;
    /// Addresses asked for, in the order given, without duplicates.
    std::vector<Ip> requested;
    std::vector<Route> routes;
    std::string resolv_conf;  ///< path; "" for none

    /// Throws Error(invalid_config or invalid_environment).
    static Config parse(const Request& request);
};

}  // namespace cni::host_local
