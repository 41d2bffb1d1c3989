#pragma once

#include "runtime/validate/plugin_keys.h"

namespace cni::tool {

/// The plugins of this suite, for `cnitool validate`.
extern const KnownPlugins known_plugins;

}  // namespace cni::tool
