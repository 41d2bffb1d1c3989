#include "addressing.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "attach/configure.h"
#include "attach/forwarding.h"
#include "attach/ipv6.h"
#include "base/contains.h"

namespace cni::ptp {
namespace {

bool is_single(const Prefix& address) {
    return address.length == address.ip.bits();
}

Error no_gateway(const Prefix& address) {
    return Error(Code::internal, cat("address ", address.to_string(), " has no gateway"),
                 "ptp routes everything to a gateway: have the IPAM plugin name one");
}

Ip default_gateway(const Prefix& address) {
    if (is_single(address) || address.length == 0) throw no_gateway(address);
    const Prefix network = address.network();
    const auto second = network.ip.next();
    if (second != address.ip) return *second;
    // Of a pair of addresses the other one is left.
    if (address.length + 1 < address.ip.bits()) throw no_gateway(address);
    return network.ip;
}

void require_possible(const IpConfig& ip) {
    const auto refuse = [&](std::string_view why) {
        throw Error(Code::internal, cat("gateway ", ip.gateway->to_string(), " of address ",
                                        ip.address.to_string(), " ", why));
    };
    if (ip.gateway->family() != ip.address.ip.family()) refuse("is of the other family");
    if (*ip.gateway == ip.address.ip) refuse("is the address itself");
}

// The subnet is not on the link, but a gateway in it that a route names is taken to be: the host
// answers for the addresses of all its interfaces.
Route result_route(const Route& route, const Result& result) {
    Route completed = completed_route(route, result);
    completed.on_link =
        route.gw && std::any_of(result.ips.begin(), result.ips.end(), [&](const IpConfig& ip) {
            return ip.gateway != route.gw && ip.address.contains(*route.gw);
        });
    return completed;
}

}  // namespace

void complete_ipam_result(Result& result) {
    for (IpConfig& ip : result.ips) {
        ip.interface = 1;
        if (!ip.gateway) ip.gateway = default_gateway(ip.address);
        require_possible(ip);
    }
}

std::vector<Ip> gateways(const Result& result) {
    std::vector<Ip> found;
    for (const IpConfig& ip : result.ips)
        if (!contains(found, *ip.gateway)) found.push_back(*ip.gateway);
    return found;
}

OwnRoutes own_routes(const Result& result) {
    OwnRoutes routes;
    std::vector<Ip> seen_gateways;
    std::vector<Prefix> seen_subnets;
    for (const IpConfig& ip : result.ips) {
        if (!contains(seen_gateways, *ip.gateway)) {
            seen_gateways.push_back(*ip.gateway);
            routes.to_gateways.push_back(
                {.dst = Prefix::host(*ip.gateway), .source = ip.address.ip});
        }
        const Prefix subnet = ip.address.network();
        if (is_single(ip.address) || contains(seen_subnets, subnet)) continue;
        seen_subnets.push_back(subnet);
        routes.to_subnets.push_back({.dst = subnet, .gw = ip.gateway, .source = ip.address.ip});
    }
    return routes;
}

void configure_container(Container& container, const Link& link, const Result& result) {
    container.run([&] {
        set_dad(link.name, Dad::off);
        prepare_for_ipv6(link, result);
    });
    std::vector<NlRequest> requests;
    put_up_with_addresses(requests, link, result, [&](const Prefix& address) {
        return add_address(link, address, Dad::off, SubnetRoute::omit);
    });
    const OwnRoutes own = own_routes(result);
    for (const Route& route : own.to_gateways) requests.push_back(ensure_route(link, route));
    for (const Route& route : result.routes)
        requests.push_back(add_route(link, result_route(route, result)));
    for (const Route& route : own.to_subnets) requests.push_back(ensure_route(link, route));
    container.rtnl.transact(requests);
}

void configure_host(Rtnl& host, const Link& link, const Result& result) {
    // Until its link-local address is usable, the host cannot ask for a container's MAC.
    if (has_family(result, Family::v6)) set_dad(link.name, Dad::off);
    refuse_router_advertisements(link.name);
    std::vector<Prefix> own;
    for (const Ip& gateway : gateways(result)) own.push_back(Prefix::host(gateway));
    std::vector<NlRequest> requests;
    for (const Prefix& address : own) requests.push_back(add_address(link, address, Dad::off));
    requests.push_back(set_up(link));
    for (const IpConfig& ip : result.ips) {
        Route route{.dst = Prefix::host(ip.address.ip)};
        if (ip.address.ip.is_v4()) route.scope = RT_SCOPE_HOST;
        // A container that died may still have its pair.
        requests.push_back(prefer_route(link, route));
    }
    give_addresses(host, link, own, std::move(requests));
    for (const Family family : both_families)
        if (has_family(result, family)) enable_forwarding(host, family);
}

}  // namespace cni::ptp
