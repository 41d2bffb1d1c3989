#pragma once

#include <string>
#include <vector>

#include "attributes.h"
#include "cni/plugin.h"
#include "sysctl_name.h"

namespace cni::tuning {

struct Sysctl {
    SysctlName name;
    std::string value;  ///< not empty
};

/// The tuning plugin's configuration; every value is valid.
struct Config {
    std::vector<Sysctl> sysctls;  ///< in the order of the configuration
    Attributes wanted;            ///< promisc: true or absent
    std::string data_dir;
};

/// What CNI_ARGS, runtimeConfig and args.cni say wins over the configuration's own keys.
/// Throws Error(invalid_config or invalid_environment).
Config parse_config(const Request& request);

/// All that DEL and GC want to know: where backups are. Throws Error(invalid_config).
std::string data_dir_of(const NetConf& conf);

}  // namespace cni::tuning
