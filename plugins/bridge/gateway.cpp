#include "gateway.h"

#include <algorithm>

#include "attach/forwarding.h"
#include "attach/ipv6.h"
#include "base/contains.h"

namespace cni::bridge {
namespace {

// A default route of IPAM without a gateway is the one that isDefaultGateway wants: given its
// gateway, not doubled.
void ensure_default_route(Result& result, const IpConfig& ip) {
    const Prefix everything = Prefix::everything(ip.address.ip.family());
    for (Route& route : result.routes) {
        if (route.dst.network() != everything) continue;
        if (!route.gw) route.gw = ip.gateway;
        return;
    }
    Route route;
    route.dst = everything;
    route.gw = ip.gateway;
    result.routes.push_back(route);
}

bool conflicts(const Prefix& existing, const Prefix& gateway) {
    if (gateway.ip.is_v4()) return true;
    return existing.contains(gateway.ip) || gateway.contains(existing.ip);
}

void ensure_family(Rtnl& host, const Link& interface, const std::vector<Prefix>& gateways,
                   const Config& config, Family family) {
    const GatewayPlan plan = plan_gateways(host, interface, gateways, config, family);
    std::vector<NlRequest> changes;
    for (const Prefix& other : plan.removed) changes.push_back(remove_address(interface, other));
    for (const Prefix& gateway : plan.added)
        changes.push_back(ensure_address(interface, gateway, config.dad));
    if (changes.empty()) return;
    // Without this the bridge would take the lowest MAC of its ports, whenever they change.
    if (interface.is<cni::Bridge>()) changes.push_back(set_mac(interface, interface.mac));
    give_addresses(host, interface, gateways, std::move(changes));
}

// The gateway's address has the container's prefix length: the host would look for every address
// there is behind the bridge.
void require_narrow(const Prefix& address) {
    if (address.length > 0) return;
    throw Error(Code::internal,
                cat("address ", address.to_string(), " cannot have its gateway on the bridge: ",
                    "its prefix length 0 would lead the host's own traffic there"),
                "have the IPAM plugin give a prefix length, or leave out \"isGateway\"");
}

}  // namespace

void complete_ipam_result(Result& result, const Config& config) {
    bool has_default[2] = {};
    for (IpConfig& ip : result.ips) {
        ip.interface = 2;
        if (config.is_gateway) require_narrow(ip.address);
        if (!ip.gateway && config.is_gateway) ip.gateway = ip.address.network().ip.next();
        bool& done = has_default[ip.address.ip.is_v4() ? 0 : 1];
        if (config.is_default_gateway && ip.gateway && !done) {
            ensure_default_route(result, ip);
            done = true;
        }
    }
}

std::vector<Prefix> gateway_addresses(const Result& result) {
    std::vector<Prefix> gateways;
    for (const IpConfig& ip : result.ips)
        if (ip.gateway && ip.gateway->family() == ip.address.ip.family())
            gateways.push_back({*ip.gateway, ip.address.length});
    return gateways;
}

GatewayPlan plan_gateways(Rtnl& host, const Link& interface, const std::vector<Prefix>& gateways,
                          const Config& config, Family family) {
    std::vector<Prefix> existing;
    for (const Address& address : addresses(host, interface, family))
        existing.push_back(address.prefix);
    GatewayPlan plan;
    for (const Prefix& gateway : gateways) {
        if (gateway.ip.family() != family || contains(existing, gateway)) continue;
        for (const Prefix& other : existing) {
            if (contains(gateways, other) || !conflicts(other, gateway)) continue;
            if (!config.force_address)
                throw Error(Code::internal,
                            cat("failed to set bridge addr: ", quote(interface.name),
                                " already has an IP address different from ", gateway.to_string()),
                            cat("it has ", other.to_string(),
                                "; remove that, or set \"forceAddress\": true"));
            if (!contains(plan.removed, other)) plan.removed.push_back(other);
        }
        plan.added.push_back(gateway);
    }
    return plan;
}

void ensure_gateway(Rtnl& host, const Link& interface, const std::vector<Prefix>& known,
                    const std::vector<Prefix>& gateways, const Config& config) {
    const bool has_all = std::all_of(gateways.begin(), gateways.end(),
                                     [&](const Prefix& g) { return contains(known, g); });
    for (const Family family : both_families) {
        const bool any = std::any_of(gateways.begin(), gateways.end(),
                                     [&](const Prefix& g) { return g.ip.family() == family; });
        if (!any) continue;
        if (!has_all) ensure_family(host, interface, gateways, config, family);
        enable_forwarding(host, family);
    }
}

}  // namespace cni::bridge
