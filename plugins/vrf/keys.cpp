#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::vrf {
namespace {

constexpr Key keys[] = {{"vrfname", text, true}, {"table", unsigned_number}};

}  // namespace

constinit const PluginKeys known_keys{"vrf", about, keys, ask_parser<parse_config>};

}  // namespace cni::vrf
