#include "net/mac.h"

#include <algorithm>
#include <span>

#include "base/random.h"

namespace cni {
namespace {

// First octet: bit 1 says locally administered, bit 0 (multicast) must be clear.
Mac localised(Mac mac) {
    mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfe) | 0x02);
    return mac;
}

// Empty when it is none.
std::vector<std::uint8_t> parse_groups(std::string_view text, char separator, std::size_t group) {
    std::vector<std::uint8_t> bytes;
    for (const auto part : split(text, separator)) {
        if (part.size() != group) return {};
        for (std::size_t i = 0; i < part.size(); i += 2) {
            const auto byte = parse_int<std::uint8_t>(part.substr(i, 2), 16);
            if (!byte) return {};
            bytes.push_back(*byte);
        }
    }
    return bytes;
}

std::vector<std::uint8_t> parse_bytes(std::string_view text) {
    if (text.find(':') != text.npos) return parse_groups(text, ':', 2);
    if (text.find('-') != text.npos) return parse_groups(text, '-', 2);
    return parse_groups(text, '.', 4);
}

std::string print(std::span<const std::uint8_t> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : bytes) {
        if (!out.empty()) out += ':';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

}  // namespace

std::optional<Mac> Mac::parse(std::string_view text) {
    const auto bytes = parse_bytes(text);
    Mac mac;
    if (bytes.size() != mac.bytes.size()) return {};
    std::copy(bytes.begin(), bytes.end(), mac.bytes.begin());
    return mac;
}

Mac Mac::random() {
    return localised(draw_random<Mac>());
}

Mac Mac::from_hash(std::string_view hex) {
    Mac mac;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i)
        mac.bytes[i] = parse_int<std::uint8_t>(hex.substr(2 * i, 2), 16).value();
    return localised(mac);
}

std::string Mac::to_string() const {
    return print(bytes);
}

std::optional<LinkAddress> LinkAddress::parse(std::string_view text) {
    auto bytes = parse_bytes(text);
    if (bytes.size() != 6 && bytes.size() != 8 && bytes.size() != 20) return {};
    return LinkAddress{std::move(bytes)};
}

std::string LinkAddress::to_string() const {
    return print(bytes);
}

}  // namespace cni
