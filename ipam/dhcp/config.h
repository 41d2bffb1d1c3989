#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cni/config.h"
#include "protocol/message4.h"

namespace cni {
struct PluginKeys;
}

namespace cni::dhcp {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "asks a DHCP server for addresses, by a daemon that keeps the leases";

/// Where the daemon listens unless somebody says otherwise.
inline constexpr const char* default_socket_path = "/run/cni/dhcp.sock";

/// Keys of "ipam".
struct Config {
    std::string socket_path;    ///< daemonSocketPath
    std::int64_t priority = 0;  ///< metric of all routes; 0: the kernel's
    Options4 provided;          ///< what the server is sent
    /// What the server is asked for (option 55), the most wanted first.
    std::vector<std::uint8_t> requested;
};

/// `cni_args` is CNI_ARGS, for "fromArg": what cannot be understood of it is left out. Throws
/// Error(invalid_config).
Config parse_config(const NetConf& conf, std::string_view cni_args);
/// The same without CNI_ARGS.
Config parse_config(const NetConf& conf);
/// The one key that DEL, GC and STATUS need. Throws Error(invalid_config).
std::string parse_socket_path(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::dhcp
