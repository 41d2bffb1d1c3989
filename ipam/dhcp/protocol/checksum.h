#pragma once

#include <cstdint>

#include "bytes.h"

namespace cni::dhcp {

/// The sum of RFC 1071, not folded yet; an odd byte at the end counts as if a zero followed.
std::uint32_t sum_of(View bytes);
/// Its checksum: 0 of what holds its own.
std::uint16_t folded(std::uint32_t sum);

}  // namespace cni::dhcp
