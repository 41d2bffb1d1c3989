#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/mac.h"
#include "netlink/nl_message.h"
#include "sys/netns.h"

namespace cni {

/// A pair of interfaces: what one sends, the other receives (linux/veth.h).
struct Veth {
    static constexpr std::string_view name = "veth";

    /// The other end, as it is to be made. Of a pair that is there the kernel tells its index and
    /// namespace only: Link::peer.
    struct Peer {
        std::string name = {};
        std::optional<Mac> mac = {};
        std::uint32_t mtu = 0;         ///< bytes; 0: the kernel's choice
        const Netns* netns = nullptr;  ///< where it is made; null: where the request is sent
        bool operator==(const Peer&) const = default;
    };
    Peer peer = {};

    /// What the end that the message itself describes has besides what every link has.
    static void put_end(NlMessage& message);
    void put(NlMessage& message) const;
    static Veth parse(const nlattr*) { return {}; }
    bool operator==(const Veth&) const = default;
};

}  // namespace cni
