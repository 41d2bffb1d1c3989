#pragma once

#include "config.h"

namespace cni::bridge {

/// Completes what IPAM said with what isGateway and isDefaultGateway add: the gateway of each
/// address (network address + 1 unless IPAM named one), a default route for each family, and the
/// interface (number 2) of each address. Throws Error(internal) when an address can have no gateway
/// on the bridge.
void complete_ipam_result(Result& result, const Config& config);

/// The gateway addresses of a result, each with the prefix length of its container address.
std::vector<Prefix> gateway_addresses(const Result& result);

/// What of that is missing on an interface, and what stands in its way there: another IPv4 address,
/// or one of an overlapping IPv6 network, which is an Error(internal) without force_address.
struct GatewayPlan {
    std::vector<Prefix> removed, added;
};
GatewayPlan plan_gateways(Rtnl& host, const Link& interface, const std::vector<Prefix>& gateways,
                          const Config& config, Family family);

/// Makes `interface`, which bore `known` a moment ago, bear the gateway addresses and lets the host
/// forward their families. Another IPv4 address on it, or one of an overlapping IPv6 network, is
/// replaced with force_address and an error without. A bridge that gets an address keeps the MAC
/// that `interface` says.
void ensure_gateway(Rtnl& host, const Link& interface, const std::vector<Prefix>& known,
                    const std::vector<Prefix>& gateways, const Config& config);

}  // namespace cni::bridge
