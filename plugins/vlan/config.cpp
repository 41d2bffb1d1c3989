#include "config.h"

#include "cni/choice.h"
#include "cni/vlan_id.h"

namespace cni::vlan {
namespace {

constexpr int largest_mtu = 65535;

ParentChoice parse_master(const Json& json) {
    ParentChoice choice = parse_parent(json);
    if (choice.name.empty())
        throw ConfigError(json,
                          "\"master\" field is required. It specifies the host interface name to "
                          "create the VLAN for");
    return choice;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    config.parent = parse_master(json);
    config.kind.id = parse_vlan_id(json, "vlanId");
    config.kind.protocol =
        choice_or(json, "protocol", Vlan::protocols, Vlan::Protocol::ieee_802_1q, "VLAN protocol");
    config.mtu = static_cast<std::uint32_t>(json.int_or("mtu", 0, largest_mtu, 0));
    if (conf.ipam_type().empty())
        throw Error(Code::invalid_config, "no plugin name provided",
                    "vlan needs \"ipam\" with a \"type\"");
    return config;
}

}  // namespace cni::vlan
