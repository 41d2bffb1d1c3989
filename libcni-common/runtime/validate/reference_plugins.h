#pragma once

#include <span>

#include "runtime/validate/plugin_keys.h"

namespace cni {

/// The reference plugins that have no folder here. One that gets a folder takes its keys along,
/// into its keys.cpp, and leaves what it refuses to its parser.
std::span<const PluginKeys> reference_plugins();

}  // namespace cni
