#pragma once

#include "runtime/validate/problem.h"

namespace cni {

/// What checks of several keys look at. Values of the wrong type are reported by the tables: here
/// they count as absent.
bool is_on(const Json& object, std::string_view key);
/// "" when absent.
std::string text_of(const Json& object, std::string_view key);
bool has_ipam_type(const Json& plugin);
bool lacks_ipam_type(const Json& plugin);

/// For plugins that cannot do without.
void check_needs_ipam(const Json& plugin, Problems& problems);

/// What the plugins without a folder here refuse besides single values.
void check_bandwidth(const Json& plugin, Problems& problems);
void check_flannel(const Json& plugin, Problems& problems);
void check_host_device(const Json& plugin, Problems& problems);

}  // namespace cni
