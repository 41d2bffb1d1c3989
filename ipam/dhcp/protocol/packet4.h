#pragma once

#include <cstdint>
#include <optional>

#include "bytes.h"
#include "checksum.h"
#include "net/ip.h"
#include "net/mac.h"

/// Packets as a packet socket of type SOCK_DGRAM sends and receives them: without the header of
/// Ethernet, which the kernel makes and takes off.
namespace cni::dhcp {

inline constexpr std::uint16_t server_port4 = 67, client_port4 = 68;

/// 255.255.255.255
Ip broadcast4();

/// A UDP datagram of IPv4. Its payload lies in what was parsed.
struct Datagram4 {
    Ip source;
    Ip destination;
    View payload;
    std::uint16_t source_port = client_port4;
    std::uint16_t destination_port = server_port4;
};

/// The whole packet (ETH_P_IP), with checksums.
Bytes encode(const Datagram4& datagram);

/// Reads a packet, whoever sent it: a whole datagram, no fragment. Bytes behind it are padding.
Parsed<Datagram4> parse_packet4(View packet, UdpChecksum checksum);

/// What a packet of ARP says (ETH_P_ARP), of Ethernet and IPv4.
struct Arp {
    bool is_reply = false;
    Mac sender_mac = {};
    Ip sender = {};
    Mac target_mac = {};
    Ip target = {};
    bool operator==(const Arp&) const = default;
};

Bytes encode(const Arp& arp);
/// nullopt for what is none. Bytes behind it are padding.
std::optional<Arp> parse_arp(View packet);

/// Asks whether anybody has an address, without claiming it (RFC 5227, 1.1): to be broadcast.
Arp arp_probe(const Mac& own, const Ip& address);
/// Whether somebody else has the address that `own` probes for, or probes for it as well (RFC 5227,
/// 2.1.1). Packets that this socket sent itself (PACKET_OUTGOING) are not to be asked about.
bool shows_conflict(const Arp& arp, const Mac& own, const Ip& address);

}  // namespace cni::dhcp
