#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/ip.h"

/// Rules as the `iptables` program knows them, for both of its kernel interfaces: the legacy tables
/// (linux/netfilter_ipv4/ip_tables.h) and nf_tables with compatibility expressions.
namespace cni::ipt {

using Bytes = std::vector<std::uint8_t>;

/// A condition that holds for the value, or for all others ("!").
template <typename T>
struct Test {
    T value;
    bool inverted = false;
    bool operator==(const Test&) const = default;
};

/// A match or target with data of its own ("-m comment", "-j DNAT"), as the kernel takes it:
/// the same bytes in xt_entry_match and in NFTA_MATCH_INFO (linux/netfilter/x_tables.h). Only the
/// part that user space gives; what the kernel keeps behind it is zero.
struct Extension {
    std::string name;
    std::uint8_t revision = 0;
    Bytes data;
    bool operator==(const Extension&) const = default;
};

enum class Verdict { accept, drop, back };
struct Jump {
    std::string chain;
    bool operator==(const Jump&) const = default;
};
/// monostate: no target, the rule only counts.
using Target = std::variant<std::monostate, Verdict, Jump, Extension>;

/// Compares equal when `iptables -C` would find one for the other. Counters are no part of it.
struct Rule {
    std::optional<Test<Prefix>> source, destination;  ///< networks: host bits are zero
    std::optional<Test<std::string>> in, out;    ///< interface; "eth+": all that begin with "eth"
    std::optional<Test<std::uint8_t>> protocol;  ///< IPPROTO_*
    std::vector<Extension> matches;              ///< in this order
    Target target;
    /// It holds something that is none of the above (-f, -g, a native nf_tables expression of
    /// another kind): equal to nothing, and never written.
    bool foreign = false;

    bool operator==(const Rule& other) const;
    bool jumps_to(const std::string& chain) const;
    /// Text of "-m comment"; "" without.
    std::string comment() const;
};

}  // namespace cni::ipt
