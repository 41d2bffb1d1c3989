#include "packets.h"

#include <netinet/in.h>

#include <array>
#include <cstring>

#include "sockets.h"

namespace cni::dhcp {
namespace {

UdpChecksum checksum_in(msghdr& header) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        tpacket_auxdata auxiliary;
        std::memcpy(&auxiliary, CMSG_DATA(c), sizeof auxiliary);
        if (auxiliary.tp_status & TP_STATUS_CSUMNOTREADY) return UdpChecksum::not_made_yet;
    }
    return UdpChecksum::verify;
}

// One for all of them: nothing is kept in it.
std::array<std::uint8_t, max_packet>& shared_buffer() {
    static std::array<std::uint8_t, max_packet> buffer;
    return buffer;
}

}  // namespace

sockaddr_ll link_address(int ifindex, int protocol) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(static_cast<std::uint16_t>(protocol));
    address.sll_ifindex = ifindex;
    return address;
}

// Bound at last, and by that begun.
Fd open_packets(int ifindex, int protocol, std::span<const sock_filter> filter) {
    Fd socket = make_socket(AF_PACKET, SOCK_DGRAM, 0);
    if (!filter.empty()) set_filter(socket, filter);
    set_option(socket, SOL_PACKET, PACKET_AUXDATA, 1, "ask which checksums are made");
    const sockaddr_ll address = link_address(ifindex, protocol);
    checked(::bind(socket.get(), as_sockaddr(address), sizeof address),
            "receive what comes to the interface");
    return socket;
}

std::optional<Packet> receive_packet(const Fd& socket) {
    auto& buffer = shared_buffer();
    iovec piece{buffer.data(), buffer.size()};
    sockaddr_ll sender{};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
    msghdr header{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof sender;
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket.get(), &header, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    checked(size, "receive from the interface");
    return Packet{.bytes = View(buffer).first(static_cast<std::size_t>(size)),
                  .checksum = checksum_in(header),
                  .is_own = sender.sll_pkttype == PACKET_OUTGOING};
}

}  // namespace cni::dhcp
