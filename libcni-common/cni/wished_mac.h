#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "cni/config.h"
#include "net/mac.h"

namespace cni {

/// Where a MAC address for the container's interface may be asked for.
enum class MacSource {
    key,                 ///< "mac" of the configuration
    cni_args,            ///< MAC in CNI_ARGS
    cni_args_leniently,  ///< the same; what else is in there is not looked at
    args_cni,            ///< args.cni.mac
    runtime_config,      ///< runtimeConfig.mac
};

/// The text of the last of the sources that has any; "" when none has. `cni_args` is the variable,
/// "" where only the configuration is looked at; keys of it besides MAC throw
/// Error(invalid_environment), unless the source is the lenient one.
std::string wished_mac_text(const NetConf& conf, std::string_view cni_args,
                            std::initializer_list<MacSource> sources);
/// The same as an address; nullopt for "". Throws what parse_interface_mac() does.
std::optional<Mac> wished_mac(const NetConf& conf, std::string_view cni_args,
                              std::initializer_list<MacSource> sources);

/// Throws Error(invalid_config) for what is no MAC address, and for what no interface can have: a
/// multicast address, or zero.
Mac parse_interface_mac(const std::string& text);

}  // namespace cni
