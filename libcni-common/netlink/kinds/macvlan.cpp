#include "netlink/kinds/macvlan.h"

namespace cni {

void Macvlan::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] {
        // Without a mode the kernel makes it VEPA: macvlan_common_newlink(), drivers/net/macvlan.c.
        message.put_u32(IFLA_MACVLAN_MODE, static_cast<std::uint32_t>(mode));
        if (broadcast_queue) message.put_u32(IFLA_MACVLAN_BC_QUEUE_LEN, *broadcast_queue);
    });
}

Macvlan Macvlan::parse(const nlattr* settings) {
    const NlAttributes<IFLA_MACVLAN_MAX> macvlan(settings);
    const auto* queue = macvlan.get<std::uint32_t>(IFLA_MACVLAN_BC_QUEUE_LEN);
    return {.mode = Mode(macvlan.get_or<std::uint32_t>(IFLA_MACVLAN_MODE, 0)),
            .broadcast_queue = queue ? std::optional(*queue) : std::nullopt};
}

}  // namespace cni
