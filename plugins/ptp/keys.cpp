#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::ptp {
namespace {

constexpr Key keys[] = {
    {"ipMasq", flag}, {"ipMasqBackend", masquerade_backend}, {"mtu", mtu_or_less}};

}  // namespace

constinit const PluginKeys known_keys{"ptp", about, keys, ask_parser<parse_config>};

}  // namespace cni::ptp
