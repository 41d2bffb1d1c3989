#pragma once

#include "net/ip.h"
#include "netfilter/nft.h"
#include "netlink/link.h"

namespace cni::portmap {

/// Lets the host reach the container through its own 127.0.0.1: packets from there may leave
/// through the interface that leads to the container. Others on that side cannot use it to reach
/// the host's 127.0.0.0/8: what comes in for that is dropped. Nothing happens without a route.
void enable_route_localnet(Rtnl& host, nft::Connection& nft, const Ip& container);

/// Throws Error when it is not enabled.
void check_route_localnet(Rtnl& host, const Ip& container);

}  // namespace cni::portmap
