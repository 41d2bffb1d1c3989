#pragma once

#include <string>

#include "netfilter/nft.h"

/// The guard as version 0.1.0 made it: chain `guard_localnet` and set `guarded_interfaces` in table
/// `ip cni_hostport`, for destinations only and one interface at a time.
namespace cni::portmap {

/// Puts what it says into a guard of today, where the host keeps its rules, and removes it, and the
/// table when nothing else is in there. Containers made then are found by their DEL as those of
/// today. One lookup when there is none.
void adopt_earlier_guard(nft::Connection& nft);

/// Whether it is there for the interface.
bool is_guarded_as_earlier(nft::Connection& nft, const std::string& ifname);

}  // namespace cni::portmap
