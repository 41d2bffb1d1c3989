#pragma once

#include <cstdint>

namespace cni::host_local {

/// A hash of the kernel's boot id: it changes with every boot and never else; 0 when unknown.
/// Throws SysError when it cannot be read for the moment (base/passing.h).
std::uint64_t current_boot();

/// A hash of /etc/machine-id; 0 when this machine has none (yet). Throws as current_boot().
std::uint64_t this_machine();

/// Whether other machines may see the same directory: their changes would go unnoticed, and their
/// boots are not ours.
bool is_on_network_file_system(int dir);

}  // namespace cni::host_local
