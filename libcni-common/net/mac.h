#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// A 48-bit Ethernet address.
struct Mac {
    std::array<std::uint8_t, 6> bytes{};

    /// "aa:bb:cc:dd:ee:ff", "aa-bb-cc-dd-ee-ff" or "aabb.ccdd.eeff".
    static std::optional<Mac> parse(std::string_view text);
    /// Locally administered unicast from the kernel's random source. Throws SysError.
    static Mac random();
    /// Locally administered unicast from the first 12 hex digits of a hash.
    static Mac from_hash(std::string_view hex);

    /// Lower case, with colons.
    std::string to_string() const;
    bool is_multicast() const { return (bytes[0] & 1) != 0; }
    bool is_zero() const { return *this == Mac{}; }

    auto operator<=>(const Mac&) const = default;
};

/// The address of a link of any type: 6 bytes of Ethernet, 20 of InfiniBand, none of some tunnels.
struct LinkAddress {
    std::vector<std::uint8_t> bytes = {};

    /// 6, 8 or 20 bytes, written as Mac::parse takes them.
    static std::optional<LinkAddress> parse(std::string_view text);
    /// As Mac::to_string(); "" of none.
    std::string to_string() const;

    auto operator<=>(const LinkAddress&) const = default;
};

}  // namespace cni
