#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"
#include "net/ip.h"

namespace cni::flannel {

/// What the flannel daemon says about this node. Prefixes have no bits of a host.
struct SubnetEnv {
    std::vector<Prefix> networks;  ///< of the cluster, IPv4 first, each once
    std::vector<Prefix> subnets;   ///< of this node, one of a family: IPv4 first
    std::uint32_t mtu = 0;         ///< bytes
    bool masquerades = false;      ///< the daemon itself, so that the delegate need not

    /// Lines KEY=VALUE without quotes, blanks or comments; of repeated keys the last counts,
    /// unknown ones and other lines are ignored. `what` names the file. Throws Error(internal).
    static SubnetEnv parse(std::string_view text, const std::string& what);
    bool operator==(const SubnetEnv&) const = default;
};

/// Reads the file that the configuration names. Throws Error(internal) saying why it is of no use.
SubnetEnv read_subnet_env(const Config& config);
/// The same once the daemon has written it, as long as the configuration says.
SubnetEnv await_subnet_env(const Config& config);
/// nullopt when it is of no use.
std::optional<SubnetEnv> find_subnet_env(const Config& config);

}  // namespace cni::flannel
