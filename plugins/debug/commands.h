#pragma once

#include "cni/plugin.h"

namespace cni::debug {

extern const Plugin plugin;

}  // namespace cni::debug
