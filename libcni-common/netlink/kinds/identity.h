#pragma once

#include <linux/if_link.h>

#include <cstdint>
#include <optional>
#include <string>

#include "net/mac.h"
#include "netlink/nl_message.h"

namespace cni {

/// What a new link of any kind may be told, in IFLA_* of its own message or of the nest that
/// describes a veth's peer. Without `mac` the kernel draws one; `mtu` in bytes, 0 for its choice.
inline void put_identity(NlMessage& message, const std::string& name, const std::optional<Mac>& mac,
                         std::uint32_t mtu) {
    message.put_string(IFLA_IFNAME, name);
    if (mac) message.put(IFLA_ADDRESS, mac->bytes);
    if (mtu != 0) message.put_u32(IFLA_MTU, mtu);
}

}  // namespace cni
