#pragma once

#include <optional>
#include <vector>

#include "net/ip.h"
#include "netlink/link.h"

namespace cni {

/// A unicast route through a link; zero and nullopt leave the choice to the kernel. Bits of a host
/// in the destination are for the kernel to judge: IPv6 drops them, IPv4 refuses the route.
struct RouteSpec {
    Prefix destination;
    std::optional<Ip> gateway = {};
    std::optional<Ip> source = {};  ///< address of ours that packets are sent from
    bool on_link = false;           ///< the gateway need not be reachable by another route
    int mtu = 0;                    ///< bytes (RTAX_MTU)
    int advmss = 0;                 ///< bytes (RTAX_ADVMSS)
    int priority = 0;               ///< metric
    int table = 0;                  ///< 0: main
    std::optional<int> scope = {};  ///< RT_SCOPE_*; default: link without gateway, else universe
};

/// EEXIST when there is an identical one.
NlRequest add_route(const Link& link, const RouteSpec& route);
/// Succeeds when there is one.
NlRequest ensure_route(const Link& link, const RouteSpec& route);
/// Likewise; packets take it rather than earlier ones of its destination, table and metric. When it
/// goes, IPv4 falls back on those, IPv6 has forgotten the first of them.
NlRequest prefer_route(const Link& link, const RouteSpec& route);

/// Of one family through this link, of every table. A multipath route counts once for each next hop
/// through the link.
std::vector<RouteSpec> routes(Rtnl& rtnl, const Link& link, Family family);

/// The links that routes of one family and protocol (RTPROT_*) go through, each as often as there
/// are such routes; of the link `only`, when that is no 0. Lists tables: not for every operation.
std::vector<int> links_of_routes(Rtnl& rtnl, Family family, std::uint8_t protocol, int only = 0);

/// What the routing tables say of packets to `ip`; nullopt when they lead nowhere.
struct Decision {
    std::uint8_t type;  ///< RTN_UNICAST, RTN_LOCAL, ...
    int output;         ///< index of the interface they leave through
};
std::optional<Decision> find_route(Rtnl& rtnl, const Ip& ip);

/// Whether the host takes packets for the address as its own.
bool is_local(Rtnl& rtnl, const Ip& ip);

}  // namespace cni
