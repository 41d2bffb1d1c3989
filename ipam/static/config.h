#pragma once

#include <vector>

#include "cni/plugin.h"

namespace cni::static_ipam {

struct Config {
    /// In the order of the result; maybe none.
    std::vector<IpConfig> addresses;
    std::vector<Route> routes;
    Dns dns;

    /// The addresses of runtimeConfig.ips, or else of args.cni.ips, or else of ipam.addresses and
    /// of IP in CNI_ARGS together, which GATEWAY completes. Throws Error(invalid_config or
    /// invalid_environment).
    static Config parse(const Request& request);
};

}  // namespace cni::static_ipam
