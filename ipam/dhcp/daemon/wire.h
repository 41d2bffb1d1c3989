#pragma once

#include <functional>
#include <variant>

namespace cni::dhcp {

/// Whether a message has to leave at once, as the interface may be gone in the next moment: who
/// does not wait for the neighbour's MAC address broadcasts the frame. So does, at once, who leaves
/// from an address that the interface was never given: where a namespace has no address of IPv4 at
/// all, the kernel lets a socket be bound to any, and what it sends is lost.
enum class Hurry { no, yes, never_given };

/// What a descriptor had that is not for us, or none at all.
struct Nothing {};

/// Called with the descriptor that something waits at.
using Hear = std::function<void(int fd)>;

}  // namespace cni::dhcp
