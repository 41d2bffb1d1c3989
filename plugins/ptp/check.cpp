#include "attach/check.h"

#include <algorithm>

#include "addressing.h"
#include "attach/configure.h"
#include "attach/existing_attachment.h"
#include "attach/forwarding.h"
#include "commands.h"
#include "config.h"

namespace cni::ptp {
namespace {

std::optional<Route> missing_of(std::vector<Route> wanted, Rtnl& container, const Link& link,
                                Family family) {
    std::erase_if(wanted, [&](const Route& r) { return r.dst.ip.family() != family; });
    return find_missing(container, link, family, std::move(wanted),
                        [](const Route& there, const Route& each) {
                            return there.dst == each.dst && there.gw == each.gw;
                        });
}

void check_own_routes(Rtnl& container, const Link& link, const Result& result) {
    const OwnRoutes own = own_routes(result);
    for (const Family family : both_families) {
        if (const auto route = missing_of(own.to_gateways, container, link, family))
            throw check_failure(cat("Failed to find Gateway ", route->dst.ip.to_string(),
                                    " for interface ", link.name),
                                cat("no route to it through ", link.name));
        if (const auto route = missing_of(own.to_subnets, container, link, family))
            throw check_failure(cat("Expected Route ", route->dst.to_string(), " via ",
                                    route->gw->to_string(), " not found in routing table"),
                                cat("interface ", link.name));
    }
}

// Another container may have the address by now.
void check_reached(Rtnl& host, const Link& link, const Ip& address) {
    const auto decision = find_route(host, address);
    if (!decision || decision->output != link.index)
        throw check_failure(
            cat("no route to ", Prefix::host(address).to_string(), " through ", link.name));
}

void check_host(Rtnl& host, const Link& link, const Result& result) {
    for (const Family family : both_families) {
        if (!has_family(result, family)) continue;
        const auto here = addresses(host, link, family);
        for (const IpConfig& ip : result.ips) {
            if (ip.address.ip.family() != family) continue;
            const Prefix gateway = Prefix::host(*ip.gateway);
            if (!std::ranges::any_of(here, [&](const Address& a) { return a.prefix == gateway; }))
                throw check_failure(
                    cat("gateway address ", gateway.to_string(), " is not on ", link.name));
            check_reached(host, link, ip.address.ip);
        }
        check_forwarding(family);
    }
}

// What ADD gave a gateway: other plugins may have added addresses of their own.
Result routed_part(Result own) {
    std::erase_if(own.ips, [](const IpConfig& ip) { return !ip.gateway; });
    return own;
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    ExistingAttachment attachment(request);
    const Result routed = routed_part(attachment.own);
    const Link interface = attachment.check_interface("veth");
    attachment.check_up(interface);
    const Link host_end = attachment.check_host_end(interface);
    request.step("check addresses");
    check_addresses(attachment.container, interface, attachment.own);
    check_own_routes(attachment.container.rtnl, interface, routed);
    check_routes(attachment.container, interface, attachment.own);
    check_host(attachment.host, host_end, routed);
    request.step("check rules");
    if (config.ip_masq) attachment.check_masquerading(config.masquerade_backend, routed);
}

}  // namespace cni::ptp
