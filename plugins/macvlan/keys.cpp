#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::macvlan {
namespace {

constexpr std::string_view modes[] = {"", "bridge", "private", "vepa", "passthru"};
constexpr Key keys[] = {
    {"master", text}, {"mode", one_of(modes)},   {"mtu", mtu},
    {"mac", mac},     {"linkInContainer", flag}, {"bcqueuelen", unsigned_number}};

Config ask(const NetConf& conf) {
    return parse_config(conf);
}

}  // namespace

constinit const PluginKeys known_keys{"macvlan", about, keys, ask_parser_and_version<ask>};

}  // namespace cni::macvlan
