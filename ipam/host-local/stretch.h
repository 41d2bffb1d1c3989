#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/ip.h"

namespace cni::host_local {

/// Addresses of one family that follow each other, both ends included.
struct Stretch {
    Ip first, last;

    /// Of an address alone, and of all that begin with a prefix.
    static Stretch of(const Ip& ip) { return {ip, ip}; }
    static Stretch of(const Prefix& prefix) { return {prefix.network().ip, prefix.last()}; }
    bool contains(const Ip& ip) const { return first <= ip && ip <= last; }
    auto operator<=>(const Stretch&) const = default;
};

/// The address that many behind another one, which the address space must have.
Ip plus(const Ip& ip, std::uint64_t offset);

/// What is left of stretches, in their order, without the addresses of others (in any order, of
/// either family, which may overlap).
std::vector<Stretch> without(const std::vector<Stretch>& stretches, std::vector<Stretch> others);

/// The first address of first..last that is not in `taken` (any order, others may be among them);
/// nullopt when all are.
std::optional<Ip> first_free(const Ip& first, const Ip& last, const std::vector<Ip>& taken);

/// The address at a random place of the stretches, each as likely as the others; nullopt of none.
std::optional<Ip> random_of(const std::vector<Stretch>& stretches);

}  // namespace cni::host_local
