#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::ipvlan {
namespace {

void check_config(const NetConf& conf, Problems& problems) {
    problems.attempt(conf.json, [&] { parse_config(conf); });
    if (conf.ipam_type() == "dhcp")
        problems.warning(*conf.json.find("ipam"),
                         "interfaces of a master share its MAC address: the DHCP server must tell "
                         "containers apart by their client identifiers");
}

constexpr std::string_view modes[] = {"", "l2", "l3", "l3s"};
constexpr std::string_view isolations[] = {"", "bridge", "private", "vepa"};
constexpr Key keys[] = {{"master", text},
                        {"mode", one_of(modes)},
                        {"isolation", one_of(isolations)},
                        {"mtu", mtu_or_less},
                        {"linkInContainer", flag}};

}  // namespace

constinit const PluginKeys known_keys{"ipvlan", about, keys, check_config};

}  // namespace cni::ipvlan
