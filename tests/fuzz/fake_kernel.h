#pragma once

#include <cstddef>
#include <cstdint>

namespace cni::fuzz {

/// From here on netlink requests reach no kernel: they are answered with these datagrams, each
/// behind its length (16 bits, little endian), whatever was asked. Of a message's sequence number
/// the remainder chooses the request that it answers. What is still asked afterwards succeeds.
/// `bytes` must stay as long as anything is asked. A target that uses this is linked with
/// fake_kernel.cpp (see CMakeLists.txt).
void answer_netlink_with(const std::uint8_t* bytes, std::size_t size);

}  // namespace cni::fuzz
