#pragma once

#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// A switch of the host (linux/if_link.h, IFLA_BR_*).
struct Bridge {
    static constexpr std::string_view name = "bridge";

    bool vlan_filtering = false;

    void put(NlMessage& message) const;
    static Bridge parse(const nlattr* settings);
    bool operator==(const Bridge&) const = default;
};

/// What a bridge knows of one of its ports, whatever kind of link that is (IFLA_BRPORT_*).
struct BridgePort {
    bool hairpin = false;   ///< what comes from the port may go out by it again
    bool isolated = false;  ///< it reaches only ports that are not

    void put(NlMessage& message) const;
    static BridgePort parse(const nlattr* settings);
    bool operator==(const BridgePort&) const = default;
};

}  // namespace cni
