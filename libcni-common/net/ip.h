#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

enum class Family : std::uint8_t { v4, v6 };
/// For what is done in either, IPv4 first.
inline constexpr std::array both_families{Family::v4, Family::v6};

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 text is IPv4. Ordered by family, then by value.
class Ip {
public:
    /// 0.0.0.0
    Ip() = default;
    /// From network byte order; 4 bytes for v4, 16 for v6.
    static Ip from_bytes(Family family, const void* bytes);
    static Ip any(Family family) { return Ip(family); }

    /// Dotted quad without leading zeros, or RFC 4291 text without a zone.
    static std::optional<Ip> parse(std::string_view text);
    /// Canonical text: lower case, longest run of zeros compressed (RFC 5952).
    std::string to_string() const;

    Family family() const { return family_; }
    bool is_v4() const { return family_ == Family::v4; }
    /// AF_INET or AF_INET6.
    int af() const;
    int bits() const { return is_v4() ? 32 : 128; }
    /// Network byte order, size() bytes.
    const std::uint8_t* data() const { return bytes_.data(); }
    std::size_t size() const { return is_v4() ? 4 : 16; }

    bool is_any() const;
    /// 224.0.0.0/4 or ff00::/8.
    bool is_multicast() const;
    /// Not unspecified, loopback, multicast, link-local or the IPv4 broadcast address.
    bool is_global_unicast() const;

    /// The following or preceding address; nullopt at the end of the address space.
    std::optional<Ip> next() const;
    std::optional<Ip> previous() const;
    /// Only the first `length` bits kept, the others 0 (or 1).
    Ip masked(int length) const;
    Ip filled(int length) const;

    auto operator<=>(const Ip&) const = default;

private:
    explicit Ip(Family family) : family_(family) {}
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> bytes_{};
};

/// An address with a prefix length, host bits kept ("10.1.2.3/24").
struct Prefix {
    Ip ip;
    int length = 0;

    /// CIDR notation; "::ffff:a.b.c.d/120" is a.b.c.d/24.
    static std::optional<Prefix> parse(std::string_view text);
    std::string to_string() const;

    /// All bits of the address belong to the prefix.
    static Prefix host(const Ip& ip) { return {ip, ip.bits()}; }
    /// 0.0.0.0/0 or ::/0
    static Prefix everything(Family family) { return {Ip::any(family), 0}; }

    Prefix network() const { return {ip.masked(length), length}; }
    /// The last address: broadcast in IPv4.
    Ip last() const { return ip.filled(length); }
    bool contains(const Ip& other) const;
    /// Whatever its bits of a host are.
    bool is_default_route() const { return length == 0; }

    auto operator<=>(const Prefix&) const = default;
};

}  // namespace cni
