#include "attach/forwarding.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <set>

#include "attach/ipv6.h"
#include "netlink/address.h"
#include "netlink/parameters.h"
#include "netlink/route.h"
#include "sys/sysctl.h"

namespace cni {
namespace {

std::string accept_ra_key(const std::string& ifname) {
    return cat("net/ipv6/conf/", ifname, "/accept_ra");
}

// An address with a lifetime is from an advertisement, or from DHCP, which an advertisement asked
// for: hosts that are on their own routers' network by fixed addresses need no advertisements.
bool is_lent(const Address& address) {
    return !address.permanent && address.prefix.ip.is_global_unicast();
}

std::set<int> links_with_routes_of_routers(Rtnl& host) {
    std::set<int> found;
    for (const int link : links_of_routes(host, Family::v6, RTPROT_RA)) found.insert(link);
    for (const Address& address : addresses_besides(host, {}))
        if (!address.prefix.ip.is_v4() && is_lent(address)) found.insert(address.link);
    return found;
}

bool has_routes_of_routers(Rtnl& host, const Link& link) {
    const auto lent = addresses(host, link, Family::v6);
    if (std::any_of(lent.begin(), lent.end(), is_lent)) return true;
    const auto on_link = links_of_routes(host, Family::v6, RTPROT_RA, link.index);
    return !on_link.empty();
}

// Its first advertisement may not have come yet.
bool leads_out_of_the_host(const Link& link) {
    constexpr std::string_view kinds[] = {"", "bond", "team", "vlan"};
    return (link.flags & IFF_LOOPBACK) == 0 &&
           std::find(std::begin(kinds), std::end(kinds), link.kind_name()) != std::end(kinds);
}

// Forwarding or not, from now on.
void keep_listening_to_routers(Rtnl& host) {
    const auto used = links_with_routes_of_routers(host);
    for (const Link& link : host.links()) {
        if (!used.contains(link.index) && !leads_out_of_the_host(link)) continue;
        const std::string key = accept_ra_key(link.name);
        if (find_sysctl(key) == "1") set_sysctl_if_present(key, "2");
    }
}

}  // namespace

std::string forwarding_key(Family family) {
    return family == Family::v4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
}

bool is_forwarding(Family family) {
    return find_sysctl(forwarding_key(family)).value_or("0") != "0";
}

void enable_forwarding(Rtnl& host, Family family) {
    if (forwards(host, family) || is_forwarding(family)) return;
    if (family == Family::v6) require_ipv6_in_kernel();
    try {
        if (family == Family::v6) keep_listening_to_routers(host);
        set_sysctl(forwarding_key(family), "1");
    } catch (const SysError& error) {
        throw Error(error.code, cat("failed to enable forwarding: ", error.msg), error.details);
    }
}

void check_forwarding(Family family) {
    if (is_forwarding(family)) return;
    throw Error(Code::internal,
                cat("the host does not forward ", family == Family::v4 ? "IPv4" : "IPv6"),
                cat(forwarding_key(family), " is not 1"));
}

void refuse_router_advertisements(const std::string& ifname) {
    try {
        set_sysctl_if_present(accept_ra_key(ifname), "0");
    } catch (const SysError& error) {
        // Who keeps parameters from everybody has decided on this one as well.
        if (error.error != EROFS && error.error != EACCES) throw;
    }
}

void refuse_router_advertisements_unless_used(Rtnl& host, const Link& link) {
    if (link.accept_ra != 0 && !has_routes_of_routers(host, link))
        refuse_router_advertisements(link.name);
}

void check_router_advertisements(const Link& link) {
    if (link.accept_ra != 0)
        throw Error(Code::internal,
                    cat("the host learns routes from what containers send to ", link.name),
                    cat(accept_ra_key(link.name), " is not 0"));
}

void check_router_advertisements_unless_used(Rtnl& host, const Link& link) {
    if (link.accept_ra != 0 && !has_routes_of_routers(host, link))
        check_router_advertisements(link);
}

}  // namespace cni
