#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cni/config.h"
#include "protocol/message4.h"
#include "protocol/message6.h"

namespace cni {
struct PluginKeys;
}

namespace cni::dhcp {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "asks a DHCP server for addresses, by a daemon that keeps the leases";

/// Where the daemon listens unless somebody says otherwise.
inline constexpr const char* default_socket_path = "/run/cni/dhcp.sock";

/// Of which families an interface is to have leases ("family").
enum class Leases : std::uint8_t { ipv4, ipv6, both };
/// "ipv4", "ipv6", "both", the first one where it is missing. Throws ConfigError.
Leases parse_leases(const Json& ipam);
std::string_view name_of(Leases leases);
/// IPv4 first.
std::vector<Family> families_of(Leases leases);

/// Keys of "ipam".
struct Config {
    std::string socket_path;    ///< daemonSocketPath
    std::int64_t priority = 0;  ///< metric of all routes; 0: the kernel's
    Options4 provided;          ///< what the server is sent
    /// What the server is asked for (option 55), the most wanted first.
    std::vector<std::uint8_t> requested;
    Leases leases = Leases::ipv4;  ///< family
    /// What servers of IPv6 are sent; option 1 is the client's DUID.
    Options6 provided6;
    std::vector<std::uint16_t> requested6;  ///< the same of them (option 6)
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
