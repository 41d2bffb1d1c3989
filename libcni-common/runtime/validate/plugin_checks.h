#pragma once

#include "runtime/validate/problem.h"

namespace cni {

/// What the plugins refuse besides single values: keys that exclude, need or contradict each other.
/// Each takes the object its table is for.
void check_bandwidth(const Json& plugin, Problems& problems);
void check_bridge(const Json& plugin, Problems& problems);
void check_flannel(const Json& plugin, Problems& problems);
void check_host_device(const Json& plugin, Problems& problems);
void check_host_local(const Json& ipam, Problems& problems);
void check_ip_range(const Json& range, Problems& problems);
void check_needs_ipam(const Json& plugin, Problems& problems);
void check_trunk(const Json& trunk, Problems& problems);

}  // namespace cni
