#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::dummy {
namespace {

constexpr Key keys[] = {{"mac", mac}, {"mtu", mtu_or_less}};

}  // namespace

constinit const PluginKeys known_keys{
    "dummy", about, keys, ask_parser<[](const NetConf& conf) { return parse_config(conf); }>};

}  // namespace cni::dummy
