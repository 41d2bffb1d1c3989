#pragma once

#include <linux/filter.h>
#include <linux/if_packet.h>

#include <optional>
#include <span>

#include "../protocol/checksum.h"
#include "base/fd.h"

/// Sockets that see what comes to one interface, whoever it is for, from the header of IP or ARP on
/// (packet(7), SOCK_DGRAM).
namespace cni::dhcp {

/// The largest there is, without jumbograms of IPv6.
inline constexpr std::size_t max_packet = 65536;

/// Not blocking, in the calling thread's namespace. `protocol` is one of linux/if_ether.h. Nothing
/// comes that the filter, if there is one, has not seen. Throws SysError.
Fd open_packets(int ifindex, int protocol, std::span<const sock_filter> filter = {});

/// Where a packet is to go; the caller says to which address of Ethernet.
sockaddr_ll link_address(int ifindex, int protocol);

struct Packet {
    View bytes;  ///< good until the next one is received
    UdpChecksum checksum = UdpChecksum::verify;
    bool is_own = false;  ///< sent from this interface
};

/// nullopt when there is nothing, for the moment. Throws SysError.
std::optional<Packet> receive_packet(const Fd& socket);

}  // namespace cni::dhcp
