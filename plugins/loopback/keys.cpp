#include "config.h"
#include "runtime/validate/plugin_keys.h"

namespace cni::loopback {

// It has none of its own.
constinit const PluginKeys known_keys{"loopback", about};

}  // namespace cni::loopback
