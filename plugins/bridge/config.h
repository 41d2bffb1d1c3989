#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cni/plugin.h"
#include "net/mac.h"
#include "netlink/address.h"
#include "netlink/bridge_vlan.h"

namespace cni {
struct PluginKeys;
}

namespace cni::bridge {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "connects containers to a bridge of the host";

/// The bridge plugin's configuration; every value is valid.
struct Config {
    std::string bridge;  ///< name of the host's bridge
    bool is_gateway = false;
    bool is_default_gateway = false;  ///< implies is_gateway
    bool force_address = false;
    bool ip_masq = false;
    std::optional<std::string> masquerade_backend;  ///< as choose_backend takes it
    std::uint32_t mtu = 0;                          ///< bytes; 0: the kernel's choice
    BridgePort port;                                ///< hairpinMode, portIsolation
    bool promiscuous = false;
    std::uint16_t vlan = 0;            ///< 0: none
    bool has_trunk = false;            ///< "vlanTrunk" is present, maybe empty
    std::vector<std::uint16_t> trunk;  ///< sorted, distinct
    bool preserve_default_vlan = false;
    bool spoof_check = false;
    Dad dad = Dad::off;  ///< enabledad
    bool leave_container_link_down = false;
    std::optional<Mac> mac;  ///< wished for the container's end
    bool layer3 = false;     ///< an IPAM plugin is configured

    /// The bridge has to tell VLANs apart.
    bool filters_vlans() const { return vlan != 0 || has_trunk; }
    /// Gateway addresses are for the bridge itself, not for its interface of a VLAN.
    bool gives_bridge_addresses() const { return layer3 && is_gateway && vlan == 0; }
    /// VLANs of the host's port, besides the default one if that is preserved.
    std::vector<PortVlan> port_vlans() const;
};

/// All but `mac`, which depends on CNI_ARGS. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);
/// Throws Error(invalid_config or invalid_environment) likewise.
Config parse_config(const Request& request);

/// The VLANs of an entry of "vlanTrunk"; maybe none. Throws ConfigError.
std::set<std::uint16_t> parse_trunk_entry(const Json& entry);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::bridge
