#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attachments.h"
#include "ipam/host-local/config.h"
#include "lease_state.h"

namespace cni::tool {

/// The addresses that are leased, to be counted range by range: there may be thousands of either.
class LeasedAddresses {
public:
    explicit LeasedAddresses(const std::vector<JudgedLease>& leases);
    /// Those of a network in a data directory, sorted.
    const std::vector<Ip>& of(const std::string& network, const std::string& data_dir) const;

private:
    std::map<std::pair<std::string, std::string>, std::vector<Ip>> all_;
};

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
    std::uint64_t used(const LeasedAddresses& leases) const;

    auto operator<=>(const NetworkRange&) const = default;
};

/// The ranges of the networks in a configuration directory, and of the lists and capability
/// arguments that results were kept with; each once, sorted. Configurations that cannot be read are
/// left out: `validate` tells of them. All networks for "".
std::vector<NetworkRange> known_ranges(const std::string& conf_dir, const NodeAttachments& node,
                                       std::string_view network);

}  // namespace cni::tool
