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
    // It would wait for an answer until it is told to end.
    if (conf.ipam_type() == "dhcp")
        throw ConfigError(*conf.json.find("ipam"),
                          "the IPAM plugin dhcp does not go with ptp: there is nobody to ask",
                          "no DHCP server is on a cable that the container has with the host");
    return config;
}

}  // namespace cni::ptp
