#pragma once

#include "cni/plugin.h"

namespace cni::ipvlan {

Result add(const Request& request);
void check(const Request& request);
void del(const Request& request);
void gc(const Request& request);
void status(const Request& request);

/// What a plugin before this one has decided, where no IPAM plugin does. Throws
/// Error(invalid_config) when none has.
Result addresses_of(const std::optional<Result>& prev_result);

extern const Plugin plugin;

}  // namespace cni::ipvlan
