#pragma once

#include "../guard.h"

namespace cni::portmap::nftables {

inline constexpr nft::Table guard_table{NFPROTO_IPV4, "cni_portmap_guard"};

/// In table `ip cni_portmap_guard`, which goes with the last who needs it:
///
/// | object | what it is |
/// |---|---|
/// | chain prerouting | ahead of all else (priority raw), drops 127.0.0.0/8 from outside lo |
/// | map attachments | hashes of an attachment : jump holders; the comment is Holder's |
/// | map links | name of a shared link : jump holders; the comment is LinkName's |
/// | chain holders | empty, never reached: the kernel counts what refers to it |
std::unique_ptr<Guard> guard(nft::Connection& nft);

}  // namespace cni::portmap::nftables
