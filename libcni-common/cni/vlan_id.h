#pragma once

#include <cstdint>
#include <string_view>

#include "cni/json.h"

namespace cni {

/// 4095 is reserved (IEEE 802.1Q, table 9-2).
constexpr std::uint16_t max_vlan_id = 4094;

/// The VLAN that a key of a configuration names, 0 to max_vlan_id; 0 when it is absent. Throws
/// ConfigError.
std::uint16_t parse_vlan_id(const Json& config, std::string_view key);

}  // namespace cni
