#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::bridge {
namespace {

Config ask(const NetConf& conf) {
    return parse_config(conf);
}

// An entry without any VLAN is accepted, as the reference plugin does.
void check_trunk_entry(const Json& entry, Problems& problems) {
    problems.attempt(entry, [&] {
        if (parse_trunk_entry(entry).empty())
            problems.warning(entry,
                             cat(describe(entry), " needs \"id\", or \"minID\" and \"maxID\"",
                                 ": as it is, it passes no VLAN"));
    });
}

constexpr Type trunk_id = between(1, 4094);
constexpr Key trunk_keys[] = {{"id", trunk_id}, {"minID", trunk_id}, {"maxID", trunk_id}};
constexpr ObjectSchema trunk_schema{trunk_keys};
constexpr Type trunk_entry = checked(object(trunk_schema), check_trunk_entry);

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
                        {"vlanTrunk", list_of(trunk_entry)},
                        {"preserveDefaultVlan", flag},
                        {"macspoofchk", flag},
                        {"enabledad", flag},
                        {"disableContainerInterface", flag},
                        {"portIsolation", flag}};

}  // namespace

constinit const PluginKeys known_keys{"bridge", about, keys, ask_parser_and_version<ask>};

}  // namespace cni::bridge
