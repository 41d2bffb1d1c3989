#include "netlink/kinds/ipvlan.h"

namespace cni {

void Ipvlan::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] {
        // Without a mode the kernel makes it L3: ipvlan_link_new(), drivers/net/ipvlan.
        message.put_u16(IFLA_IPVLAN_MODE, static_cast<std::uint16_t>(mode));
        // They are those of the parent: saying 0 would change what the siblings have.
        if (isolation != Isolation::bridge)
            message.put_u16(IFLA_IPVLAN_FLAGS, static_cast<std::uint16_t>(isolation));
    });
}

Ipvlan Ipvlan::parse(const nlattr* settings) {
    const NlAttributes<IFLA_IPVLAN_MAX> ipvlan(settings);
    return {.mode = Mode(ipvlan.get_or<std::uint16_t>(IFLA_IPVLAN_MODE, 0)),
            .isolation = Isolation(ipvlan.get_or<std::uint16_t>(IFLA_IPVLAN_FLAGS, 0))};
}

}  // namespace cni
