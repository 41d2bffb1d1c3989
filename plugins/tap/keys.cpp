#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::tap {
namespace {

constexpr Key keys[] = {{"multiQueue", flag},
                        {"mtu", mtu_or_less},
                        {"mac", mac},
                        {"owner", unsigned_number},
                        {"group", unsigned_number},
                        {"selinuxContext", text},
                        {"bridge", text}};

}  // namespace

constinit const PluginKeys known_keys{
    "tap", about, keys,
    ask_parser_and_version<[](const NetConf& conf) { return parse_config(conf); }>};

}  // namespace cni::tap
