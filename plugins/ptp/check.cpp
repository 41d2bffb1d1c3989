#include "attach/check.h"

#include <algorithm>

#include "addressing.h"
#include "attach/configure.h"
#include "attach/container.h"
#include "attach/forwarding.h"
#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "netfilter/nft.h"

namespace cni::ptp {
namespace {

Error failure(std::string msg, std::string details = {}) {
    return Error(Code::internal, std::move(msg), std::move(details));
}

constexpr Family families[] = {Family::v4, Family::v6};

Link check_container_end(Rtnl& container, const Result& prev, const Args& args) {
    const Interface& recorded = recorded_interface(prev, args);
    const std::string& name = args.ifname;
    const auto link = container.find(name);
    if (!link)
        throw failure(cat("ptp: Container Interface name in prevResult: ", name, " not found"));
    if (link->kind != "veth")
        throw failure(cat("Error: Container interface ", name, " not of type veth/p2p"));
    if (!has_recorded_mac(recorded, *link))
        throw failure(cat("ptp: Interface ", name, " Mac ", recorded.mac,
                          " doesn't match container Mac: ", link->mac.to_string()));
    if (!link->is_up()) throw failure(cat("Interface ", name, " is down"));
    return *link;
}

// The host's end is the peer of the container's, whatever the names.
Link check_host_end(Rtnl& host, const Result& prev, const Request& request,
                    const Link& container_end) {
    const auto link = host.find(container_end.peer_index);
    if (!link || link->kind != "veth" || link->peer_index != container_end.index)
        throw failure(cat("the host's end of ", container_end.name, " was not found"));
    const auto recorded =
        std::find_if(prev.interfaces.begin(), prev.interfaces.end(),
                     [&](const Interface& i) { return i.name == link->name && i.sandbox.empty(); });
    if (recorded == prev.interfaces.end())
        throw failure(cat("Interface name ", link->name, " not found"),
                      "prevResult does not list it");
    // udev may give a pair another MAC than it was made with, but not one made as ours are.
    Link as_recorded = *link;
    as_recorded.mac = Mac::parse(recorded->mac).value_or(Mac{});
    if (as_recorded.mac != link->mac && is_host_link_of(request.conf.name, as_recorded))
        throw failure(
            cat("Interface ", link->name, " Mac doesn't match: ", recorded->mac, " not found"));
    if (!link->is_up()) throw failure(cat("Interface ", link->name, " is down"));
    check_router_advertisements(*link);
    return *link;
}

template <typename Range, typename Predicate>
bool any(const Range& range, Predicate predicate) {
    return std::any_of(range.begin(), range.end(), predicate);
}

void check_own_routes(Rtnl& container, const Link& link, const Result& result) {
    const OwnRoutes own = own_routes(result);
    for (const Family family : families) {
        const auto found = routes(container, link, family);
        const auto exists = [&](const RouteSpec& wanted) {
            return wanted.destination.ip.family() != family || any(found, [&](const RouteSpec& r) {
                       return r.destination == wanted.destination && r.gateway == wanted.gateway;
                   });
        };
        for (const RouteSpec& route : own.to_gateways)
            if (!exists(route))
                throw failure(cat("Failed to find Gateway ", route.destination.ip.to_string(),
                                  " for interface ", link.name),
                              cat("no route to it through ", link.name));
        for (const RouteSpec& route : own.to_subnets)
            if (!exists(route))
                throw failure(cat("Expected Route ", route.destination.to_string(), " via ",
                                  route.gateway->to_string(), " not found in routing table"),
                              cat("interface ", link.name));
    }
}

// Another container may have the address by now.
void check_reached(Rtnl& host, const Link& link, const Ip& address) {
    const auto decision = find_route(host, address);
    if (!decision || decision->output != link.index)
        throw failure(
            cat("no route to ", Prefix::host(address).to_string(), " through ", link.name));
}

void check_host(Rtnl& host, const Link& link, const Result& result) {
    for (const Family family : families) {
        if (!has_family(result, family)) continue;
        const auto here = addresses(host, link, family);
        for (const IpConfig& ip : result.ips) {
            if (ip.address.ip.family() != family) continue;
            const Prefix gateway = Prefix::host(*ip.gateway);
            if (!any(here, [&](const Address& a) { return a.prefix == gateway; }))
                throw failure(
                    cat("gateway address ", gateway.to_string(), " is not on ", link.name));
            check_reached(host, link, ip.address.ip);
        }
        check_forwarding(family);
    }
}

void check_rules(const Request& request, const Config& config, const Result& result) {
    if (!config.ip_masq) return;
    nft::Connection nft;
    check_masquerading(nft, config.masquerade_backend, owner_of(request), result);
}

// What ADD gave a gateway: other plugins may have added addresses of their own.
Result routed_part(const Result& prev, const Args& args) {
    Result result = own_part(prev, args);
    std::erase_if(result.ips, [](const IpConfig& ip) { return !ip.gateway; });
    return result;
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const Netns netns = open_container(request.args);
    Ipam(request).check();
    request.step("check links");
    const auto prev = request.conf.prev_result();
    if (!prev) throw Error(Code::invalid_config, "ptp: Required prevResult missing");
    const Result routed = routed_part(*prev, request.args);

    Rtnl host;
    Rtnl container = Rtnl::in(netns);
    const Link container_end = check_container_end(container, *prev, request.args);
    const Link host_end = check_host_end(host, *prev, request, container_end);
    request.step("check addresses");
    check_addresses(container, container_end, own_part(*prev, request.args));
    check_own_routes(container, container_end, routed);
    check_routes(container, container_end, *prev);
    check_host(host, host_end, routed);
    request.step("check rules");
    check_rules(request, config, routed);
}

}  // namespace cni::ptp
