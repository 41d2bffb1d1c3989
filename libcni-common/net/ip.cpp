#include "net/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace cni {
namespace {

constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Raw {
    Ip ip;
    bool was_mapped = false;
};

std::optional<Raw> parse_raw(std::string_view text) {
    char buffer[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof buffer) return {};
    if (text.find('\0') != text.npos) return {};
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = 0;

    std::uint8_t bytes[16];
    // inet_pton refuses leading zeros in dotted quads, as wanted.
    if (::inet_pton(AF_INET, buffer, bytes) == 1) return Raw{Ip::from_bytes(Family::v4, bytes)};
    if (::inet_pton(AF_INET6, buffer, bytes) != 1) return {};
    if (std::memcmp(bytes, mapped, sizeof mapped) == 0)
        return Raw{Ip::from_bytes(Family::v4, bytes + 12), true};
    return Raw{Ip::from_bytes(Family::v6, bytes)};
}

}  // namespace

Ip Ip::from_bytes(Family family, const void* bytes) {
    Ip ip(family);
    std::memcpy(ip.bytes_.data(), bytes, ip.size());
    return ip;
}

std::optional<Ip> Ip::parse(std::string_view text) {
    const auto raw = parse_raw(text);
    if (!raw) return {};
    return raw->ip;
}

std::string Ip::to_string() const {
    char buffer[INET6_ADDRSTRLEN];
    return ::inet_ntop(af(), data(), buffer, sizeof buffer);
}

int Ip::af() const {
    return is_v4() ? AF_INET : AF_INET6;
}

bool Ip::is_any() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
}

bool Ip::is_multicast() const {
    return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool Ip::is_global_unicast() const {
    if (is_any() || is_multicast()) return false;
    if (is_v4()) {
        const bool link_local = bytes_[0] == 169 && bytes_[1] == 254;
        const bool broadcast =
            std::all_of(bytes_.begin(), bytes_.begin() + 4, [](auto b) { return b == 0xff; });
        return bytes_[0] != 127 && !link_local && !broadcast;
    }
    const bool loopback = masked(127).is_any() && bytes_[15] == 1;
    return !loopback && !(bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80);
}

std::optional<Ip> Ip::next() const {
    Ip out = *this;
    for (std::size_t i = size(); i-- > 0;)
        if (++out.bytes_[i] != 0) return out;
    return {};
}

std::optional<Ip> Ip::previous() const {
    Ip out = *this;
    for (std::size_t i = size(); i-- > 0;)
        if (out.bytes_[i]-- != 0) return out;
    return {};
}

Ip Ip::masked(int length) const {
    Ip out = *this;
    for (int i = 0; i < static_cast<int>(size()); ++i) {
        const int keep = std::clamp(length - 8 * i, 0, 8);
        out.bytes_[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> keep);
    }
    return out;
}

Ip Ip::filled(int length) const {
    Ip out = *this;
    for (int i = 0; i < static_cast<int>(size()); ++i) {
        const int keep = std::clamp(length - 8 * i, 0, 8);
        out.bytes_[static_cast<std::size_t>(i)] |= static_cast<std::uint8_t>(0xff >> keep);
    }
    return out;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == text.npos) return {};
    const auto raw = parse_raw(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    auto length = parse_int<int>(digits);
    if (!raw || !length || digits[0] == '-' || digits.size() > 3) return {};
    if (raw->was_mapped) *length -= 96;
    if (*length < 0 || *length > raw->ip.bits()) return {};
    return Prefix{raw->ip, *length};
}

std::string Prefix::to_string() const {
    return cat(ip.to_string(), "/", length);
}

bool Prefix::contains(const Ip& other) const {
    return other.family() == ip.family() && other.masked(length) == ip.masked(length);
}

}  // namespace cni
