#include "netlink/kinds/vlan.h"

#include <arpa/inet.h>
#include <linux/if_link.h>

namespace cni {

void Vlan::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] {
        message.put_u16(IFLA_VLAN_ID, id);
        message.put_be16(IFLA_VLAN_PROTOCOL, static_cast<std::uint16_t>(protocol));
    });
}

Vlan Vlan::parse(const nlattr* settings) {
    const NlAttributes<IFLA_VLAN_MAX> vlan(settings);
    const auto protocol = vlan.get_or<std::uint16_t>(IFLA_VLAN_PROTOCOL, htons(ETH_P_8021Q));
    return {.id = vlan.get_or<std::uint16_t>(IFLA_VLAN_ID, 0),
            .protocol = Protocol{ntohs(protocol)}};
}

}  // namespace cni
