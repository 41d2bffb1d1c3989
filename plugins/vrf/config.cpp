#include "config.h"

#include <limits>

#include "cni/args.h"
#include "netlink/table.h"

namespace cni::vrf {

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config{.name = json.string_or("vrfname", "")};
    if (!is_ifname(config.name))
        throw Error(Code::invalid_config, "configuration is expected to have a valid vrf name",
                    cat(quote(config.name), " is no name of an interface: \"vrfname\""));
    config.table = static_cast<std::uint32_t>(
        json.int_or("table", 0, std::numeric_limits<std::uint32_t>::max(), 0));
    if (config.table != 0 && is_reserved_table(static_cast<int>(config.table)))
        throw ConfigError(*json.find("table"),
                          cat("table ", config.table, " is the kernel's own: choose another one"));
    return config;
}

}  // namespace cni::vrf
