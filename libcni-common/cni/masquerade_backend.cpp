#include "cni/masquerade_backend.h"

namespace cni {

std::optional<std::string> masquerade_backend(const Json& config) {
    const std::string name = config.string_or("ipMasqBackend", "");
    if (name.empty()) return {};
    if (name == "iptables" || name == "nftables") return name;
    throw ConfigError(*config.find("ipMasqBackend"), cat("unknown ipmasq backend ", quote(name)),
                      "known are \"iptables\" and \"nftables\"");
}

}  // namespace cni
