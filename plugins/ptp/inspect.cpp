#include "inspect.h"

#include <algorithm>

#include "addressing.h"
#include "attach/foreseen.h"
#include "config.h"

namespace cni::ptp {
namespace {

void foresee_routes(Outlook& outlook, const Result& result) {
    const OwnRoutes own = own_routes(result);
    for (const auto& routes : {own.to_gateways, own.to_subnets})
        for (const Route& route : routes)
            outlook.make("route", route.dst.to_string(), "in the container");
}

void foresee_host(Outlook& outlook, const std::string& end, const Result& result) {
    for (const Ip& gateway : gateways(result))
        outlook.set("address", Prefix::host(gateway).to_string(), cat("on ", end, " of the host"));
    for (const IpConfig& ip : result.ips)
        outlook.make("route", Prefix::host(ip.address.ip).to_string(),
                     cat("of the host, through ", end));
    for (const Family family : both_families)
        if (std::ranges::any_of(
                result.ips, [&](const IpConfig& ip) { return ip.address.ip.family() == family; }))
            foresee_forwarding(outlook, family);
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    Rtnl host;
    const auto container = foresee_container(outlook, Veth::name);
    const std::string end = foresee_pair(outlook, host, "of the host", config.mtu);
    Result result = outlook.foresee_ipam();
    complete_ipam_result(result);
    foresee_addressing(outlook, result);
    foresee_routes(outlook, result);
    foresee_host(outlook, end, result);
    if (config.ip_masq) {
        nft::Connection nft;
        foresee_masquerading(outlook, nft, config.masquerade_backend, result);
    }
    result.interfaces = {outlook.on_host(end), outlook.in_container()};
    outlook.result = std::move(result);
}

}  // namespace cni::ptp
