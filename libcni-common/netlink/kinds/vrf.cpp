#include "netlink/kinds/vrf.h"

#include <linux/if_link.h>

namespace cni {

void Vrf::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] { message.put_u32(IFLA_VRF_TABLE, table); });
}

Vrf Vrf::parse(const nlattr* settings) {
    return {NlAttributes<IFLA_VRF_MAX>(settings).get_or<std::uint32_t>(IFLA_VRF_TABLE, 0)};
}

}  // namespace cni
