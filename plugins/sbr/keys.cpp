#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::sbr {
namespace {

constexpr Type table = between(1, std::numeric_limits<std::uint32_t>::max());
constexpr Key keys[] = {{"table", table}, {"gateways", list_of(ip)}, {"addSourceHints", flag}};

}  // namespace

constinit const PluginKeys known_keys{"sbr", about, keys, ask_parser<parse_config>};

}  // namespace cni::sbr
