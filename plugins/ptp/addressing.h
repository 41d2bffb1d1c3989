#pragma once

#include <vector>

#include "cni/result.h"
#include "container/container.h"
#include "netlink/route.h"

namespace cni::ptp {

/// Completes what IPAM said: the gateway of an address that has none (network address + 1; of two
/// addresses the other one), the interface (number 1) of each address. Throws Error(internal)
/// when an address cannot have a gateway, or has one that cannot be.
void complete_ipam_result(Result& result);

/// The gateways of a completed result, without repetition.
std::vector<Ip> gateways(const Result& result);

/// Routes of the container besides those of the result.
struct OwnRoutes {
    std::vector<Route> to_gateways;  ///< through the link
    std::vector<Route> to_subnets;   ///< by way of the gateways
};
OwnRoutes own_routes(const Result& result);

/// The container's side: addresses, link up, routes. Everything goes to the host, its own subnet
/// included.
void configure_container(Container& container, const Link& link, const Result& result);

/// The host's side: the gateways' addresses, link up, a route to each address of the container,
/// forwarding.
void configure_host(Rtnl& host, const Link& link, const Result& result);

}  // namespace cni::ptp
