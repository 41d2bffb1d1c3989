#include "netlink/kinds/bridge.h"

#include <linux/if_link.h>

namespace cni {

void Bridge::put(NlMessage& message) const {
    // br_vlan_filter_toggle() of a kernel without VLAN filtering refuses it, even as 0.
    if (!vlan_filtering) return;
    message.nest(IFLA_INFO_DATA, [&] { message.put_u8(IFLA_BR_VLAN_FILTERING, 1); });
}

Bridge Bridge::parse(const nlattr* settings) {
    const NlAttributes<IFLA_BR_MAX> bridge(settings);
    return {.vlan_filtering = bridge.get_or<std::uint8_t>(IFLA_BR_VLAN_FILTERING, 0) != 0};
}

void BridgePort::put(NlMessage& message) const {
    message.put_u8(IFLA_BRPORT_MODE, hairpin ? 1 : 0);
    message.put_u8(IFLA_BRPORT_ISOLATED, isolated ? 1 : 0);
}

BridgePort BridgePort::parse(const nlattr* settings) {
    const NlAttributes<IFLA_BRPORT_MAX> port(settings);
    return {.hairpin = port.get_or<std::uint8_t>(IFLA_BRPORT_MODE, 0) != 0,
            .isolated = port.get_or<std::uint8_t>(IFLA_BRPORT_ISOLATED, 0) != 0};
}

}  // namespace cni
