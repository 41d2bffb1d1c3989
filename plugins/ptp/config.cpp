#include "config.h"

#include <algorithm>

#include "attach/masquerade_backend.h"
#include "base/error.h"

namespace cni::ptp {

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    config.ip_masq = json.bool_or("ipMasq", false);
    config.masquerade_backend = masquerade_backend(json);
    // Zero and less leave it to the kernel.
    config.mtu = static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, json.int_or("mtu", INT32_MIN, 65535, 0)));
    if (conf.ipam_type().empty())
        throw Error(Code::invalid_config, "no plugin name provided",
                    "ptp needs \"ipam\" with a \"type\"");
    return config;
}

}  // namespace cni::ptp
