#pragma once

#include <string>

#include "netfilter/nft.h"

namespace cni::nft {

/// Maps of what attachments have: keyed by owner_hashes (owner.h) and a number, so that an
/// attachment's elements are found one by one, without listing the map.

/// A map with such keys; the caller says what its data is.
Set owner_map(const std::string& name);
Bytes owner_key(const std::string& hashes, std::size_t index);
/// The hashes of a key.
std::string parse_owner_key(const Bytes& key);

}  // namespace cni::nft
