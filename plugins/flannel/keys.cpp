#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::flannel {
namespace {

// "ipam" is a part of the delegate's, with any type or none.
constexpr Key keys[] = {{"subnetFile", text},
                        {"subnetFileWait", between(0, 60)},
                        {"dataDir", text},
                        {"delegate", members},
                        {"ipam", members}};

}  // namespace

constinit const PluginKeys known_keys{"flannel", about, keys, ask_parser<parse_config>};

}  // namespace cni::flannel
