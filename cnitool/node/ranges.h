#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attachments.h"
#include "ipam/host-local/config.h"

namespace cni::tool {

/// A range that host-local hands out for a network.
struct NetworkRange {
    std::string network;
    std::string data_dir;  ///< where its leases are
    Prefix subnet;
    Ip start, end;
    /// What of it can be handed out: all but gateways and what the network excludes.
    std::vector<host_local::Stretch> available;

    bool contains(const Ip& ip) const { return start <= ip && ip <= end; }
    /// How many addresses can be handed out; nullopt when that is 2^63 or more.
    std::optional<std::uint64_t> size() const;
    /// How many of the leases of this network and data directory lie in it.
    std::uint64_t used(const std::vector<host_local::LeaseView>& leases) const;

    auto operator<=>(const NetworkRange&) const = default;
};

/// The ranges of the networks in a configuration directory, and of the lists and capability
/// arguments that results were kept with; each once, sorted. Configurations that cannot be read are
/// left out: `validate` tells of them. All networks for "".
std::vector<NetworkRange> known_ranges(const std::string& conf_dir, const NodeAttachments& node,
                                       std::string_view network);

}  // namespace cni::tool
