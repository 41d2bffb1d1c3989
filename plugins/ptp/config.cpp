#include "config.h"

#include "base/error.h"
#include "cni/masquerade_backend.h"

namespace cni::ptp {

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    config.ip_masq = json.bool_or("ipMasq", false);
    config.masquerade_backend = masquerade_backend(json);
    config.mtu = conf.mtu();
    if (conf.ipam_type().empty())
        throw Error(Code::invalid_config, "no plugin name provided",
                    "ptp needs \"ipam\" with a \"type\"");
    return config;
}

}  // namespace cni::ptp
