#include "route_localnet.h"

#include "netlink/route.h"
#include "nft_backend.h"
#include "sys/sysctl.h"

namespace cni::portmap {
namespace {

std::string key_of(const Link& link) {
    return cat("net/ipv4/conf/", link.name, "/route_localnet");
}

std::optional<Link> find_link_to(Rtnl& host, const Ip& container) {
    const auto route = find_route(host, container);
    return route ? host.find(route->output) : std::nullopt;
}

}  // namespace

void enable_route_localnet(Rtnl& host, nft::Connection& nft, const Ip& container) {
    const auto link = find_link_to(host, container);
    if (!link) return;
    // Without nf_tables the kernel cannot be told so; then it is as with the reference plugin.
    if (nft.generation()) nftables::guard_localnet(nft, link->name);
    ensure_sysctl(key_of(*link), "1");
}

void check_route_localnet(Rtnl& host, const Ip& container) {
    const auto link = find_link_to(host, container);
    if (link && find_sysctl(key_of(*link)) != "1")
        throw Error(Code::internal, cat(key_of(*link), " is not 1"),
                    "127.0.0.1 of the host does not reach the container's ports");
}

}  // namespace cni::portmap
