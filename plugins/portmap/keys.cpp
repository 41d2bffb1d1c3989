#include "config.h"
#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr std::string_view portmap_backends[] = {"", "iptables", "nftables"};
constexpr Key keys[] = {{"snat", flag},
                        {"masqAll", flag},
                        {"markMasqBit", between(0, 31)},
                        {"externalSetMarkChain", text},
                        {"conditionsV4", texts},
                        {"conditionsV6", texts},
                        {"backend", one_of(portmap_backends)}};

bool are_sound(const Json& plugin) {
    Problems problems({}, {});
    for (const Key& key : keys)
        if (const auto value = plugin.find(key.name)) check_value(*value, key.type, problems);
    return !problems.has_errors();
}

/// What ADD would refuse, unless the table says so already.
void check_portmap(const Json& plugin, Problems& problems) {
    if (are_sound(plugin)) problems.attempt(plugin, [&] { portmap::parse_keys(plugin); });
}

const PluginKeys known("portmap", keys, check_portmap);

}  // namespace
}  // namespace cni
