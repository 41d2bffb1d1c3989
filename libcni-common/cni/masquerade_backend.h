#pragma once

#include <optional>
#include <string>

#include "cni/json.h"

namespace cni {

/// "ipMasqBackend", for choose_backend: "iptables", "nftables", or nullopt when it is absent or "".
/// Throws ConfigError. Apart from what makes rules, which whoever only reads configurations need
/// not link.
std::optional<std::string> masquerade_backend(const Json& config);

}  // namespace cni
