#pragma once

#include "input.h"

/// Each what the plugin of its name has the kernel do for one attachment, and no more: it believes
/// what it is told, checks nothing, undoes nothing, and knows the keys of the benchmark's chains.
/// What DEL has to know is in its result, which a runtime hands back as prevResult.
namespace cni::floor {

void add_loopback(const Input& input);
void del_loopback(const Input& input);
void add_host_local(const Input& input);
void del_host_local(const Input& input);
void add_static(const Input& input);
void del_static(const Input& input);
void add_bridge(const Input& input);
void add_ptp(const Input& input);
void add_portmap(const Input& input);
void del_portmap(const Input& input);
void add_tuning(const Input& input);
void del_tuning(const Input& input);
/// Of bridge and ptp.
void del_pair(const Input& input);

}  // namespace cni::floor
