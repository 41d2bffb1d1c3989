#include "attach/configure.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "attach/announcement.h"
#include "attach/ipv6.h"
#include "netlink/monitor.h"
#include "netlink/parameters.h"
#include "sys/sysctl.h"

namespace cni {
namespace {

std::string key_of(std::string_view ifname, std::string_view name) {
    return cat("net/ipv6/conf/", ifname, "/", name);
}

// False when the kernel has no such key.
bool enable_ipv6(const std::string& ifname) {
    const std::string key = key_of(ifname, "disable_ipv6");
    const auto value = find_sysctl(key);
    if (value && *value != "0") set_sysctl(key, "0");
    return value.has_value();
}

// A new interface has another value as a rule: written first, asked only when that is refused.
void set_unless_right(const std::string& key, std::string_view value) {
    try {
        set_sysctl(key, value);
    } catch (const SysError&) {
        if (find_sysctl(key) != value) throw;
    }
}

std::optional<SysctlDir> ipv6_parameters(const std::string& ifname) {
    return SysctlDir::find(cat("net/ipv6/conf/", ifname));
}

void set_dad(const SysctlDir& parameters, Dad dad) {
    if (dad == Dad::on) parameters.set_if_possible("enhanced_dad", "1");
    parameters.set_if_possible("accept_dad", dad == Dad::on ? "1" : "0");
}

bool is_ipv6(const IpConfig& ip) {
    return !ip.address.ip.is_v4();
}

std::optional<Ip> first_gateway(const Result& result, Family family) {
    for (const IpConfig& ip : result.ips)
        if (ip.gateway && ip.gateway->family() == family) return ip.gateway;
    return {};
}

}  // namespace

bool has_family(const Result& result, Family family) {
    return std::any_of(result.ips.begin(), result.ips.end(),
                       [&](const IpConfig& ip) { return ip.address.ip.family() == family; });
}

void set_dad(const std::string& ifname, Dad dad) {
    if (const auto parameters = ipv6_parameters(ifname)) set_dad(*parameters, dad);
}

void allow_ipv6(const Link& link) {
    enable_ipv6("lo");
    if (!enable_ipv6(link.name)) require_ipv6(link);
}

void prepare_for_ipv6(const Link& link, const Result& result) {
    const auto address = std::find_if(result.ips.begin(), result.ips.end(), is_ipv6);
    if (address == result.ips.end()) return;
    enable_ipv6("lo");
    if (!enable_ipv6(link.name)) require_ipv6(link, address->address);
    set_unless_right(key_of(link.name, "keep_addr_on_down"), "1");
}

Route completed_route(const Route& route, const Result& result) {
    Route completed = route;
    if (completed.gw && completed.gw->is_any()) {
        completed.gw.reset();
        completed.scope = RT_SCOPE_LINK;
    }
    const bool narrow = completed.scope.value_or(RT_SCOPE_UNIVERSE) > RT_SCOPE_UNIVERSE;
    if (!completed.gw && !narrow) completed.gw = first_gateway(result, route.dst.ip.family());
    return completed;
}

// Where many containers come at once, a kernel that finds an IPv6 address when a link comes up may
// have no memory at hand for the route to its subnet, and goes on without one: it must not wait for
// any there (addrconf_permanent_addr() in net/ipv6/addrconf.c), as it does for one that comes
// later.
void put_up_with_addresses(std::vector<NlRequest>& requests, const Link& link, const Result& result,
                           const std::function<NlRequest(const Prefix&)>& add) {
    const bool all_before = is_announced_by_coming_up(link);
    for (const IpConfig& ip : result.ips)
        if (all_before || !is_ipv6(ip)) requests.push_back(add(ip.address));
    requests.push_back(set_up(link));
    for (const IpConfig& ip : result.ips)
        if (!all_before && is_ipv6(ip)) requests.push_back(add(ip.address));
}

void prepare_interface(const Container& container, const Link& link, Dad dad) {
    const auto parameters = container.run([&] { return ipv6_parameters(link.name); });
    if (!parameters) return;
    set_dad(*parameters, dad);
    // So that announce() makes the kernel tell the neighbours.
    parameters->set_if_possible("ndisc_notify", "1");
}

void configure_interface(Container& container, const Link& link, const Result& result, Dad dad) {
    if (has_family(result, Family::v6)) container.run([&] { prepare_for_ipv6(link, result); });
    std::vector<NlRequest> requests;
    requests.push_back(set_arp_notify(link));
    put_up_with_addresses(requests, link, result,
                          [&](const Prefix& address) { return add_address(link, address, dad); });
    for (const Route& route : result.routes)
        requests.push_back(add_route(link, completed_route(route, result)));
    container.rtnl.transact(requests);
}

// For an address without duplicate detection, too, it is the kernel's work queue that joins the
// group of those whose neighbours look for it and makes the local route, in this order:
// addrconf_dad_work() in net/ipv6/addrconf.c, which waits for its turn with all that is configured.
void await_addresses(Container& container, const Result& result) {
    const auto usable = [&] {
        return std::all_of(result.ips.begin(), result.ips.end(), [&](const IpConfig& ip) {
            return !is_ipv6(ip) || is_local(container.rtnl, ip.address.ip);
        });
    };
    if (usable()) return;
    container.netns.run(
        [&] { NlMonitor({RTNLGRP_IPV6_IFADDR}).wait(usable, std::chrono::seconds(5)); });
}

void settle_addresses(Container& container, const Link& link) {
    const auto settled = [&] {
        for (const Address& address : addresses(container.rtnl, link, Family::v6)) {
            if (address.dad_failed)
                throw Error(
                    Code::internal,
                    cat("failed to settle addresses for ", quote(link.name), ": link ", link.name,
                        " has address ", address.prefix.ip.to_string(), " in DADFAILED state"),
                    "another host on the network uses the address");
            if (address.tentative) return false;
        }
        return true;
    };
    const auto wait = [&] {
        return NlMonitor({RTNLGRP_IPV6_IFADDR}).wait(settled, std::chrono::seconds(5));
    };
    if (container.run(wait)) return;
    throw Error(Code::internal, cat("failed to settle addresses for ", quote(link.name), ": link ",
                                    link.name, " still has tentative addresses after 5 seconds"));
}

}  // namespace cni
