#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::vlan {
namespace {

constexpr auto protocols = names_of(Vlan::protocols);
constexpr Key keys[] = {{"master", ifname, true},
                        {"vlanId", vlan_id},
                        {"protocol", one_of(protocols)},
                        {"mtu", mtu},
                        {"linkInContainer", flag}};

}  // namespace

constinit const PluginKeys known_keys{"vlan", about, keys, ask_parser<parse_config>};

}  // namespace cni::vlan
