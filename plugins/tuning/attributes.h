#pragma once

#include <cstdint>
#include <optional>

#include "netlink/link.h"

namespace cni::tuning {

/// Attributes of an interface: those that are asked for, or those that were there before.
struct Attributes {
    std::optional<Mac> mac;
    std::optional<bool> promisc;
    std::optional<std::uint32_t> mtu;  ///< bytes
    std::optional<bool> allmulti;
    std::optional<std::uint32_t> txqlen;  ///< packets

    bool any() const { return mac || promisc || mtu || allmulti || txqlen; }
    bool operator==(const Attributes&) const = default;
};

/// What the link has, of the attributes that `wanted` has.
Attributes current(const Link& link, const Attributes& wanted);

/// Sets the attributes. All of them are tried before what went wrong first is thrown.
void apply(Rtnl& rtnl, const Link& link, const Attributes& attributes);

/// `later` beneath `earlier`: what both have is `earlier`'s.
Attributes keep_earlier(const Attributes& earlier, const Attributes& later);

/// Throws Error(internal) naming the first attribute that the link does not have.
void require(const Link& link, const Attributes& wanted);

}  // namespace cni::tuning
