#include "runtime/validate/plugin_keys.h"
#include "sysctl_name.h"

namespace cni {
namespace {

// Of an interface that has a name without dots.
void check_sysctls(const Json& plugin, Problems& problems) {
    const auto sysctls = plugin.find("sysctl");
    if (!sysctls || !sysctls->is_object()) return;
    for (const auto& member : sysctls->members())
        problems.attempt(member.second, [&] { tuning::parse_sysctl_name(member.first, "eth0"); });
}

constexpr Key keys[] = {{"sysctl", map_of(text)}, {"mac", mac},
                        {"promisc", flag},        {"mtu", mtu},
                        {"allmulti", flag},       {"txQLen", unsigned_number},
                        {"dataDir", text}};
const PluginKeys known("tuning", keys, check_sysctls);

}  // namespace
}  // namespace cni
