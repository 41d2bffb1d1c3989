#pragma once

#include <string>
#include <vector>

#include "attributes.h"
#include "cni/plugin.h"
#include "sysctl_name.h"

namespace cni {
struct PluginKeys;
}

namespace cni::tuning {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "sets kernel parameters and attributes of an interface";

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

/// As if CNI_ARGS said nothing, for an interface of this name. What runtimeConfig and args.cni say
/// wins over the configuration's own keys. Throws Error(invalid_config).
Config parse_config(const NetConf& conf, const std::string& ifname);
/// CNI_ARGS win over the configuration's own keys, too.
/// Throws Error(invalid_config or invalid_environment).
Config parse_config(const Request& request);

/// A member of "sysctl". Throws Error(invalid_config).
Sysctl parse_sysctl(const std::string& key, const Json& value, const std::string& ifname);

/// All that DEL and GC want to know: where backups are. Throws Error(invalid_config).
std::string data_dir_of(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::tuning
