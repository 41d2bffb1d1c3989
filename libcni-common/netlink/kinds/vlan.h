#pragma once

#include <linux/if_ether.h>

#include <cstdint>
#include <string_view>

#include "base/named.h"
#include "netlink/nl_message.h"

namespace cni {

/// An interface of one VLAN on a parent that carries several (linux/if_link.h, IFLA_VLAN_*).
struct Vlan {
    static constexpr std::string_view name = "vlan";

    /// The EtherType of its tags.
    enum class Protocol : std::uint16_t { ieee_802_1q = ETH_P_8021Q, ieee_802_1ad = ETH_P_8021AD };
    static constexpr Named<Protocol> protocols[] = {{"802.1Q", Protocol::ieee_802_1q},
                                                    {"802.1q", Protocol::ieee_802_1q},
                                                    {"802.1ad", Protocol::ieee_802_1ad}};

    std::uint16_t id = 0;  ///< 0 to 4094
    Protocol protocol = Protocol::ieee_802_1q;

    void put(NlMessage& message) const;
    static Vlan parse(const nlattr* settings);
    bool operator==(const Vlan&) const = default;
};

}  // namespace cni
