#pragma once

#include <optional>

#include "bytes.h"
#include "checksum.h"
#include "net/ip.h"

/// Packets as a packet socket of type SOCK_DGRAM sends and receives them (ETH_P_IPV6): the header
/// of IPv6 is the first of them. By those of ICMPv6 hosts of a link ask for each other (RFC 4861).
namespace cni::dhcp {

/// The group that hosts with this address belong to (RFC 4291, 2.7.1).
Ip solicited_node(const Ip& address);

/// Asks whether anybody has an address, without claiming it (RFC 4862, 5.4.2): to be sent to
/// solicited_node() of it.
Bytes neighbor_probe(const Ip& address);

/// The address that a packet says somebody has: it is a valid advertisement of a neighbor (RFC
/// 4861, 7.1.2). nullopt for all others.
std::optional<Ip> advertised_neighbor(View packet);

/// What a packet brings to this port by UDP, in one piece and without headers between; it lies in
/// the packet. nullopt for all others.
std::optional<View> datagram_for(std::uint16_t port, View packet, UdpChecksum checksum);

}  // namespace cni::dhcp
