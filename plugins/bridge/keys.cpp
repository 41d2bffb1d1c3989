#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

std::optional<int> vlan_of(const Json& value) {
    return value.is_number() ? parse_int<int>(value.dump()) : std::nullopt;
}

void check_trunk(const Json& trunk, Problems& problems) {
    const auto min = trunk.find("minID"), max = trunk.find("maxID");
    if (min.has_value() != max.has_value())
        problems.error(trunk, "minID and maxID should be configured simultaneously");
    if (!min && !max && !trunk.find("id"))
        problems.error(trunk, cat(describe(trunk), " needs \"id\", or \"minID\" and \"maxID\""));
    const auto first = min ? vlan_of(*min) : std::nullopt;
    const auto last = max ? vlan_of(*max) : std::nullopt;
    if (first && last && *first > *last)
        problems.error(trunk, "minID is greater than maxID in trunk parameter");
}

void check_bridge(const Json& plugin, Problems& problems) {
    if (is_on(plugin, "hairpinMode") && is_on(plugin, "promiscMode"))
        problems.error(*plugin.find("promiscMode"),
                       "cannot set hairpin mode and promiscuous mode at the same time");
    if (is_on(plugin, "disableContainerInterface") && has_ipam_type(plugin))
        problems.error(*plugin.find("disableContainerInterface"),
                       "cannot use IPAM when DisableContainerInterface flag is set");
}

constexpr Type trunk_id = between(1, 4094);
constexpr Key trunk_keys[] = {{"id", trunk_id}, {"minID", trunk_id}, {"maxID", trunk_id}};
constexpr ObjectSchema trunk_schema{trunk_keys, check_trunk};
constexpr Type trunk = object(trunk_schema);

constexpr Key keys[] = {{"bridge", ifname},
                        {"isGateway", flag},
                        {"isDefaultGateway", flag},
                        {"forceAddress", flag},
                        {"ipMasq", flag},
                        {"ipMasqBackend", masquerade_backend},
                        {"mtu", mtu_or_less},
                        {"hairpinMode", flag},
                        {"promiscMode", flag},
                        {"vlan", vlan_id},
                        {"vlanTrunk", list_of(trunk)},
                        {"preserveDefaultVlan", flag},
                        {"macspoofchk", flag},
                        {"enabledad", flag},
                        {"disableContainerInterface", flag},
                        {"portIsolation", flag}};
const PluginKeys known("bridge", keys, check_bridge, lacks_ipam_type);

}  // namespace
}  // namespace cni
