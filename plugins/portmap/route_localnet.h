#pragma once

#include "cni/result.h"
#include "netfilter/nft.h"
#include "netfilter/owner.h"
#include "netlink/link.h"

namespace cni::portmap {

/// Lets the host reach the container through its own 127.0.0.1: packets from there may leave
/// through the interface that leads to the container. Others on that side cannot use it to reach
/// the host's 127.0.0.0/8: what comes in for that is dropped. Nothing happens without a route.
void enable_route_localnet(Rtnl& host, nft::Connection& nft, const Ip& container,
                           const Owner& owner);

/// The way back where the interface is the attachment's own, the host's end of a pair: one of those
/// that `result` names. What is shared stays.
void disable_route_localnet(nft::Connection& nft, const Result& result, const Owner& owner);

/// Forgets interfaces that are gone.
void gc_route_localnet(Rtnl& host, nft::Connection& nft);

/// Throws Error when it is not enabled.
void check_route_localnet(Rtnl& host, const Ip& container);

}  // namespace cni::portmap
