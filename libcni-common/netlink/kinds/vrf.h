#pragma once

#include <cstdint>
#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// A routing domain: its ports are routed by a table of its own (linux/if_link.h, IFLA_VRF_*).
struct Vrf {
    static constexpr std::string_view name = "vrf";

    std::uint32_t table = 0;  ///< RT_TABLE_UNSPEC, which is 0, is refused

    void put(NlMessage& message) const;
    static Vrf parse(const nlattr* settings);
    bool operator==(const Vrf&) const = default;
};

}  // namespace cni
