#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/ip.h"

namespace cni {

/// One of the ways a route leads (linux/rtnetlink.h, struct rtnexthop).
struct NextHop {
    int link = 0;                    ///< index
    std::optional<Ip> gateway = {};  ///< of either family
    bool on_link = false;            ///< the gateway need not be reachable by another route
    int weight = 1;                  ///< 1 to 256: its share of the packets
    std::uint32_t realms = 0;        ///< RTA_FLOW
    /// RTA_ENCAP_TYPE and RTA_ENCAP, as the kernel has them; 0: packets go as they are.
    std::uint16_t encapsulation = 0;
    std::vector<std::uint8_t> encapsulation_settings = {};
    bool operator==(const NextHop&) const = default;
};

/// What a route says of packets on it besides their MTU and MSS: RTAX_* of linux/rtnetlink.h.
struct RouteMetric {
    int number = 0;
    std::uint32_t value = 0;
    bool operator==(const RouteMetric&) const = default;
};

/// A route. Zero and nullopt leave the choice to the kernel. Bits of a host in the destination are
/// for the kernel to judge: IPv6 drops them, IPv4 refuses the route.
///
/// The members that the CNI specification has are called as its keys are. The others are for routes
/// of the kernel, which keep all that it says of them.
struct Route {
    Prefix dst;
    std::optional<Ip> gw = {};
    std::optional<Ip> source = {};  ///< address of ours that packets are sent from
    bool on_link = false;           ///< the gateway need not be reachable by another route
    int mtu = 0;                    ///< bytes
    int advmss = 0;                 ///< bytes
    std::int64_t priority = 0;      ///< metric
    std::optional<int> table = {};  ///< nullopt and 0: main; above 2^31 - 1 as a negative number
    std::optional<int> scope = {};  ///< RT_SCOPE_*; nullopt: link for IPv4 without a gateway, else
                                    ///< universe
    std::optional<int> protocol = {};  ///< RTPROT_*: who made it; nullopt: boot
    std::uint8_t type = 0;             ///< RTN_*; 0: unicast
    std::uint8_t tos = 0;              ///< of the packets it is for; 0: all
    std::optional<Prefix> from = {};   ///< IPv6: sources of the packets it is for
    std::vector<RouteMetric> metrics = {};
    std::string congestion_control = {};  ///< of TCP
    /// Where it is not one link with one gateway of the route's family: several, for instance. Then
    /// `gw` and `on_link` say nothing.
    std::vector<NextHop> next_hops = {};
    std::uint32_t next_hop_object = 0;  ///< id of the nexthop(8) that tells its ways; 0: none
    bool operator==(const Route&) const = default;
};

}  // namespace cni
