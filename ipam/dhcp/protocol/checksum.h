#pragma once

#include <cstdint>

#include "bytes.h"

namespace cni::dhcp {

/// UDP, as a protocol above IP.
constexpr std::uint8_t udp = 17;

/// The sum of RFC 1071, not folded yet; an odd byte at the end counts as if a zero followed.
std::uint32_t sum_of(View bytes);
/// Its checksum: 0 of what holds its own.
std::uint16_t folded(std::uint32_t sum);

/// Checksums are left to the hardware, which a veth has none of: PACKET_AUXDATA says so, by
/// TP_STATUS_CSUMNOTREADY.
enum class UdpChecksum { verify, not_made_yet };

}  // namespace cni::dhcp
