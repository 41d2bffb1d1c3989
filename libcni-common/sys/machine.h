#pragma once

#include <string>

namespace cni {

/// The kernel's boot id: it changes with every boot and never else; "" when unknown. Throws
/// SysError when it cannot be read for the moment (base/passing.h).
std::string boot_id();

/// /etc/machine-id; "" when this machine has none (yet). Throws as boot_id().
std::string machine_id();

}  // namespace cni
