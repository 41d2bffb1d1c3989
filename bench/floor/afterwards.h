#pragma once

#include "socket.h"

/// What the kernel makes somebody wait for when all that can be seen is done is left to a process
/// that nobody waits for.
namespace cni::floor {

/// Returns when the host's end of a pair, and so the other, is gone. What `nft` is, if it is any,
/// is closed afterwards.
void delete_link(const Socket& host, const Socket* nft, int index);

/// Something was deleted through it.
void close_afterwards(const Socket& nft);

}  // namespace cni::floor
