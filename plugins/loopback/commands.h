#pragma once

#include "cni/plugin.h"

namespace cni::loopback {

extern const Plugin plugin;

}  // namespace cni::loopback
