#pragma once

#include "../guard.h"

namespace cni::portmap::iptables {

inline constexpr const char* guard_chain = "CNI-HOSTPORT-GUARD";

/// In table raw of iptables. Nothing but the first rule of CNI-HOSTPORT-GUARD is ever reached by a
/// packet without being dropped: all others say who needs it, in chains that nothing jumps to.
///
/// | chain | rules |
/// |---|---|
/// | PREROUTING | `! -i lo -s 127.0.0.0/8 -j CNI-HOSTPORT-GUARD`, the same with `-d` |
/// | CNI-HOSTPORT-GUARD | `-j DROP` |
/// | CNI-HOSTPORT-LINKS | `-i <link> -j CNI-HOSTPORT-GUARD` for each shared link |
/// | CNI-HG-<hash> | of an attachment: `[-i <link>] -j CNI-HOSTPORT-GUARD` |
std::unique_ptr<Guard> guard(nft::Connection& nft, ipt::Flavour flavour);

}  // namespace cni::portmap::iptables
