#include "attach/check.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "cni/plugin.h"
#include "netlink/address.h"

namespace cni {
namespace {

int table_of(const Route& route) {
    return route.table.value_or(0) == 0 ? static_cast<int>(RT_TABLE_MAIN) : *route.table;
}

bool satisfies(const Route& actual, const Route& wanted) {
    // A plugin behind the interface's may have moved what was for main: sbr, vrf.
    if (table_of(wanted) != RT_TABLE_MAIN && actual.table != table_of(wanted)) return false;
    if (wanted.dst.is_default_route()) return actual.dst.is_default_route();
    const auto agrees = [](std::int64_t is, std::int64_t asked_for) {
        return asked_for <= 0 || is == asked_for;
    };
    const bool has_gateway = wanted.gw && !wanted.gw->is_any();
    return actual.dst == wanted.dst.network() && (!has_gateway || actual.gw == wanted.gw) &&
           agrees(actual.priority, wanted.priority) && agrees(actual.mtu, wanted.mtu) &&
           agrees(actual.advmss, wanted.advmss);
}

std::string describe(const Route& route) {
    return cat(route.dst.to_string(), route.gw ? cat(" via ", route.gw->to_string()) : "",
               " table ", table_of(route));
}

bool has_subnet(const Prefix& address) {
    return address.length > 0 && address != Prefix::host(address.ip);
}

void check_gateways(Container& container, const Link& link, Family family, const Result& result) {
    std::vector<IpConfig> wanted = result.ips;
    std::erase_if(wanted, [&](const IpConfig& ip) {
        return ip.address.ip.family() != family || !ip.gateway || !has_subnet(ip.address);
    });
    const auto is_to_subnet = [](const Route& route, const IpConfig& ip) {
        return route.dst == ip.address.network();
    };
    if (const auto missing =
            find_missing(container.rtnl, link, family, std::move(wanted), is_to_subnet))
        throw check_failure(cat("Failed to find Gateway ", missing->gateway->to_string(),
                                " for interface ", link.name),
                            cat("no route to ", missing->address.network().to_string()));
}

}  // namespace

Error check_failure(std::string msg, std::string details) {
    return Error(Code::internal, std::move(msg), std::move(details));
}

const Interface& recorded_interface(const Result& prev, const Args& args) {
    const auto found = std::find_if(
        prev.interfaces.begin(), prev.interfaces.end(),
        [&](const Interface& interface) { return is_container_interface(interface, args); });
    if (found != prev.interfaces.end()) return *found;
    throw check_failure(cat("Sandbox in prevResult doesn't match configured netns: ", args.netns),
                        cat("prevResult has no interface ", args.ifname, " there"));
}

bool has_recorded_mac(const Interface& recorded, const Link& link) {
    if (recorded.mac.empty()) return true;
    if (const auto mac = Mac::parse(recorded.mac)) return *mac == link.mac;
    return LinkAddress::parse(recorded.mac) == link.address;
}

void check_addresses(Container& container, const Link& link, const Result& result) {
    for (const Family family : both_families) {
        const auto found = addresses(container.rtnl, link, family);
        for (const IpConfig& ip : result.ips) {
            if (ip.address.ip.family() != family) continue;
            if (!std::ranges::any_of(found, [&](const Address& a) {
                    return a.prefix == ip.address && !a.dad_failed;
                }))
                throw check_failure(cat("Failed to match addr ", ip.address.to_string(),
                                        " on interface ", link.name));
        }
        check_gateways(container, link, family, result);
    }
}

void check_routes(Container& container, const Link& link, const Result& result) {
    for (const Family family : both_families) {
        std::vector<Route> wanted = result.routes;
        std::erase_if(wanted, [&](const Route& r) { return r.dst.ip.family() != family; });
        if (const auto missing =
                find_missing(container.rtnl, link, family, std::move(wanted), satisfies))
            throw check_failure(
                cat("Expected Route ", describe(*missing), " not found in routing table"),
                cat("interface ", link.name));
    }
}

}  // namespace cni
