#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "net/ip.h"

namespace cni::dhcp {

using Bytes = std::vector<std::uint8_t>;
/// Somebody else's bytes, which are not kept.
using View = std::span<const std::uint8_t>;

/// Why bytes from the network are not what they should be. Anybody can send such bytes, as often as
/// they like: nothing to log each of.
struct Malformed {
    std::string_view reason;
    bool operator==(const Malformed&) const = default;
};
template <typename T>
using Parsed = std::variant<T, Malformed>;

/// Takes a packet apart from its beginning. What is asked for beyond its end is 0 or empty, and
/// failed() from then on.
class Reader {
public:
    explicit Reader(View bytes) : rest_(bytes) {}

    bool failed() const { return failed_; }
    bool empty() const { return rest_.empty(); }
    /// What has not been read.
    View rest() const { return rest_; }

    View bytes(std::size_t size);
    std::uint8_t u8();
    /// Big-endian, as all numbers in packets.
    std::uint16_t u16();
    std::uint32_t u32();
    Ip ip(Family family);

private:
    std::uint32_t number(std::size_t size);
    View rest_;
    bool failed_ = false;
};

void put_u8(Bytes& out, std::size_t value);
void put_u16(Bytes& out, std::size_t value);
void put_u32(Bytes& out, std::uint32_t value);
void put(Bytes& out, View bytes);
void put(Bytes& out, const Ip& ip);

Bytes to_bytes(View bytes);
Bytes to_bytes(const Ip& ip);
Bytes to_bytes(std::string_view text);

}  // namespace cni::dhcp
