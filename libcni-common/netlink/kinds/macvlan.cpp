#include "netlink/kinds/macvlan.h"

namespace cni {

void Macvlan::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] {
        // Without a mode the kernel makes it VEPA: macvlan_common_newlink(), drivers/net/macvlan.c.
        message.put_u32(IFLA_MACVLAN_MODE, static_cast<std::uint32_t>(mode));
        // 0 would be a queue for no broadcast at all: without it there is one of a thousand.
        if (broadcast_queue != 0) message.put_u32(IFLA_MACVLAN_BC_QUEUE_LEN, broadcast_queue);
    });
}

Macvlan Macvlan::parse(const nlattr* settings) {
    const NlAttributes<IFLA_MACVLAN_MAX> macvlan(settings);
    return {.mode = Mode(macvlan.get_or<std::uint32_t>(IFLA_MACVLAN_MODE, 0)),
            .broadcast_queue = macvlan.get_or<std::uint32_t>(IFLA_MACVLAN_BC_QUEUE_LEN, 0)};
}

}  // namespace cni
