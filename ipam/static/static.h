#pragma once

#include "cni/plugin.h"

namespace cni::static_ipam {

Result add(const Request& request);
void check(const Request& request);
void status(const Request& request);

extern const Plugin plugin;

}  // namespace cni::static_ipam
