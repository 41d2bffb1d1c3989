#include "route_localnet.h"

#include "cni/args.h"
#include "netlink/route.h"
#include "nft_backend.h"
#include "sys/sysctl.h"

namespace cni::portmap {
namespace {

std::string key_of(const std::string& ifname) {
    return cat("net/ipv4/conf/", ifname, "/route_localnet");
}

std::optional<Link> find_link_to(Rtnl& host, const Ip& container) {
    const auto route = find_route(host, container);
    return route ? host.find(route->output) : std::nullopt;
}

}  // namespace

void enable_route_localnet(Rtnl& host, nft::Connection& nft, const Ip& container,
                           const Owner& owner) {
    const auto link = find_link_to(host, container);
    if (!link) return;
    // The interface of a bridge's VLAN is one of a pair as well, both ends of which are here.
    const bool is_own = link->kind == "veth" && link->has_peer_elsewhere;
    // Without nf_tables the kernel cannot be told so; then it is as with the reference plugin.
    if (nft.generation())
        nftables::guard_localnet(nft, link->name, is_own ? owner_hashes(owner) : "");
    ensure_sysctl(key_of(link->name), "1");
}

void disable_route_localnet(nft::Connection& nft, const Result& result, const Owner& owner) {
    for (const Interface& interface : result.interfaces) {
        if (!interface.sandbox.empty() || !is_ifname(interface.name) ||
            !nftables::is_guarded_for(nft, interface.name, owner_hashes(owner)))
            continue;
        set_sysctl_if_present(key_of(interface.name), "0");
        nftables::remove_guard(nft, interface.name);
    }
}

void gc_route_localnet(Rtnl& host, nft::Connection& nft) {
    for (const std::string& ifname : nftables::guarded_interfaces(nft))
        if (!host.find(ifname)) nftables::remove_guard(nft, ifname);
}

void check_route_localnet(Rtnl& host, const Ip& container) {
    const auto link = find_link_to(host, container);
    if (link && find_sysctl(key_of(link->name)) != "1")
        throw Error(Code::internal, cat(key_of(link->name), " is not 1"),
                    "127.0.0.1 of the host does not reach the container's ports");
}

}  // namespace cni::portmap
