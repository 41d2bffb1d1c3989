#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "owner.h"
#include "range.h"

namespace cni::host_local {

/// Addresses that nobody gets.
struct Exclusion {
    Stretch addresses;
    std::string key;  ///< "ipam.exclude[0]", for messages
};

/// An address that one owner gets and nobody else.
struct Reservation {
    Ip ip;
    Owner owner;
    std::string key;     ///< "ipam.reserve[0]"
    std::size_t offset;  ///< as Json::offset()
};

/// Which of the free addresses is given.
enum class Strategy { round_robin, random, lowest };
/// The words of configurations, in the order of Strategy.
inline constexpr std::string_view strategies[] = {"round-robin", "random", "lowest"};

/// What a configuration says beyond its ranges about who gets which address. They stand beside the
/// ranges and not in them: ranges may come from the runtime or from a file of flannel, and differ
/// from node to node, while this is of the network.
struct Policy {
    std::vector<Exclusion> excluded;
    std::vector<Reservation> reserved;
    /// By which a returning owner is known; nullopt: by nothing.
    std::optional<OwnerKind> sticky;
    std::int64_t cooldown = 0;  ///< s
    Strategy strategy = Strategy::round_robin;

    /// Of "ipam". Throws ConfigError.
    static Policy parse(const Json& ipam);
    /// Throws ConfigError when what is reserved contradicts itself, or the rest.
    void require_consistent(const std::vector<RangeSet>& sets) const;
    /// Likewise when an address is reserved that no set has. Only once all of the sets are known.
    void require_within(const std::vector<RangeSet>& sets) const;

    /// Null when it is none.
    const Exclusion* find_excluded(const Ip& ip) const;
    const Reservation* find_reserved(const Ip& ip) const;
    /// CNI_ARGS that are understood because of it.
    std::vector<std::string_view> known_args() const;
    /// Whether names of that kind matter.
    bool knows_by(OwnerKind kind) const;
};

inline constexpr std::int64_t longest_cooldown = std::int64_t{7} * 24 * 3600;  ///< s

/// An element of "exclude": an address, or a CIDR without bits of a host. Throws ConfigError.
Stretch parse_exclusion(const Json& json);
/// An element of "reserve". Throws ConfigError.
Reservation parse_reservation(const Json& json);

/// What nobody gets but with a reservation, and then only that: excluded, reserved, gateways.
/// `owners` is who asks: what is reserved for one of them is left out.
std::vector<Stretch> withheld(const std::vector<RangeSet>& sets, const Policy& policy,
                              const std::vector<Owner>& owners);

}  // namespace cni::host_local
