#include "netlink/kinds/tun.h"

#include <linux/if_link.h>
#include <linux/if_tun.h>

namespace cni {
namespace {

using Attributes = NlAttributes<IFLA_TUN_MAX>;

std::optional<std::uint32_t> id(const Attributes& tun, int attribute) {
    const auto* id = tun.get<std::uint32_t>(attribute);
    return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

Tun Tun::parse(const nlattr* settings) {
    const Attributes tun(settings);
    return {.is_tap = tun.get_or<std::uint8_t>(IFLA_TUN_TYPE, 0) == IFF_TAP,
            .is_persistent = tun.get_or<std::uint8_t>(IFLA_TUN_PERSIST, 0) != 0,
            .is_multi_queue = tun.get_or<std::uint8_t>(IFLA_TUN_MULTI_QUEUE, 0) != 0,
            .owner = id(tun, IFLA_TUN_OWNER),
            .group = id(tun, IFLA_TUN_GROUP)};
}

}  // namespace cni
