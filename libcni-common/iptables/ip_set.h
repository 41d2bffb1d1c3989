#pragma once

#include <cstdint>
#include <string>

#include "net/ip.h"

namespace cni::ipt {

/// The number that the kernel knows a set of the ipset program by. Throws Error(invalid_config)
/// when there is no such set, when it is of the other family, or when the kernel has no sets.
std::uint16_t ip_set_number(const std::string& name, Family family);

}  // namespace cni::ipt
