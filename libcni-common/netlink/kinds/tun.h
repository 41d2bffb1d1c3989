#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// An interface whose other side is a program (linux/if_link.h, IFLA_TUN_*). Rtnetlink only tells
/// of it: it is made by /dev/net/tun.
struct Tun {
    static constexpr std::string_view name = "tun";

    bool is_tap = false;  ///< of Ethernet frames; else of IP packets
    bool is_persistent = false;
    bool is_multi_queue = false;
    std::optional<std::uint32_t> owner = {}, group = {};  ///< who may attach, besides root

    static Tun parse(const nlattr* settings);
    bool operator==(const Tun&) const = default;
};

}  // namespace cni
