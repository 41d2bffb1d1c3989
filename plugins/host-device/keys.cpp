#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::host_device {
namespace {

constexpr Key keys[] = {
    {"device", text}, {"hwaddr", text}, {"kernelpath", text}, {"pciBusID", text}};

}  // namespace

constinit const PluginKeys known_keys{"host-device", about, keys,
                                      ask_parser_and_version<parse_config>};

}  // namespace cni::host_device
