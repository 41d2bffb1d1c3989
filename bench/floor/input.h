#pragma once

#include <cstdint>
#include <string_view>

namespace cni::floor {

/// An IPv4 address, in host byte order, and the length of its network.
struct Prefix {
    std::uint32_t ip = 0;
    int length = 0;

    std::uint32_t mask() const { return ~std::uint32_t{0} << (32 - length); }
    /// The first of its network, which is the gateway's.
    Prefix first() const { return {(ip & mask()) + 1, length}; }
    Prefix host() const { return {ip, 32}; }
};

/// What a call is told. Nothing is parsed: a key is looked for in the text, where it is to stand
/// once.
struct Input {
    std::string_view config;  ///< standard input
    const char *container_id, *ifname, *netns, *path;

    /// The string behind a key; empty without.
    std::string_view text(std::string_view key) const;
    bool flag(std::string_view key) const;
    /// 0 without.
    unsigned number(std::string_view key) const;
    /// From its brace to the one that closes it.
    std::string_view object(std::string_view key) const;
    /// "10.1.2.3/16", of a string.
    Prefix prefix(std::string_view key) const { return parse_prefix(text(key)); }

    static Prefix parse_prefix(std::string_view text);
};

/// What stands in the next quotes of a text, which then begins behind them; empty without.
std::string_view take_quoted(std::string_view& text);
/// The number that a text begins with, which then begins behind it and another character.
unsigned take_number(std::string_view& text);

/// All of a call's.
Input read_input();

}  // namespace cni::floor
