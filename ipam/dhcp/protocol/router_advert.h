#pragma once

#include <chrono>
#include <optional>

#include "bytes.h"

namespace cni::dhcp {

/// What a router says of how hosts get their addresses (RFC 4861, 4.2).
struct RouterAdvert {
    bool managed = false;           ///< M: addresses by DHCPv6
    bool other = false;             ///< O: DNS servers and the like by DHCPv6, addresses without
    std::chrono::seconds lifetime;  ///< as a default router; 0: it is none
    bool operator==(const RouterAdvert&) const = default;
};

/// Reads a message of ICMPv6; nullopt for what is no advertisement, or not a valid one (RFC 4861,
/// 6.1.2). The caller sees to what is outside of it: a link-local source, a hop limit of 255, and
/// the checksum, which the kernel verifies.
std::optional<RouterAdvert> parse_router_advert(View message);

}  // namespace cni::dhcp
