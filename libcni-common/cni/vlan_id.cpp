#include "cni/vlan_id.h"

namespace cni {

std::uint16_t parse_vlan_id(const Json& config, std::string_view key) {
    const auto value = config.find(key);
    if (!value) return 0;
    const auto id = value->as_int(INT32_MIN, INT32_MAX);
    if (id < 0 || id > max_vlan_id)
        throw ConfigError(*value,
                          cat("invalid VLAN ID ", id, " (must be between 0 and ", max_vlan_id, ")"),
                          cat("key ", quote(key)));
    return static_cast<std::uint16_t>(id);
}

}  // namespace cni
