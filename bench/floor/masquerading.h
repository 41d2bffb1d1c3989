#pragma once

#include "socket.h"

/// Masquerading in the table and chains that the plugins have
/// (libcni-common/netfilter/masquerade.cpp).
namespace cni::floor {

/// Returns what the kernel knows the rule by.
unsigned add_masquerading(const Socket& nft, const Input& input, Prefix address);
/// Whoever closes the socket soon after that waits for the kernel.
void remove_masquerading(const Socket& nft, unsigned handle);

}  // namespace cni::floor
