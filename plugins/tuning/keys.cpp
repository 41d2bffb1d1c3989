#include "cni/wished_mac.h"
#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::tuning {
namespace {

// What stands for IFNAME. It has no dots.
constexpr const char* ifname = "eth0";

void check_config(const NetConf& conf, Problems& problems) {
    problems.attempt(conf.json, [&] { parse_config(conf, ifname); });
}

void check_mac(const Json& address, Problems& problems) {
    problems.attempt(address, [&] {
        if (const std::string text = address.as_string(); !text.empty()) parse_interface_mac(text);
    });
}

// Each by itself, so that all that are wrong are told.
void check_sysctls(const Json& sysctls, Problems& problems) {
    for (const auto& [key, value] : sysctls.members())
        problems.attempt(value,
                         [&, &name = key, &text = value] { parse_sysctl(name, text, ifname); });
}

constexpr Type not_negative = between(0, std::numeric_limits<std::int32_t>::max());
constexpr Type sysctls = checked(map_of(text), check_sysctls);
constexpr Key keys[] = {
    {"sysctl", sysctls}, {"mac", checked(mac, check_mac)}, {"promisc", flag}, {"mtu", not_negative},
    {"allmulti", flag},  {"txQLen", not_negative},         {"dataDir", text}};

}  // namespace

constinit const PluginKeys known_keys{"tuning", about, keys, check_config};

}  // namespace cni::tuning
