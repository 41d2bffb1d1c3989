#include "wire4.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "sockets.h"

namespace cni::dhcp {
namespace {

// A frame of the largest MTU there is.
constexpr std::size_t max_packet = 65536;

// The kernel keeps from us what is not for port 68: of IPv4, UDP, no fragment behind the first.
// Offsets are of the IP header, where a packet of SOCK_DGRAM begins.
constexpr sock_filter for_clients[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IP_OFFMASK, 4, 0),
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, client_port4, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, max_packet),
    BPF_STMT(BPF_RET | BPF_K, 0),
};
constexpr sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

template <std::size_t n>
void set_filter(const Fd& socket, const sock_filter (&filter)[n]) {
    const sock_fprog program{.len = n, .filter = const_cast<sock_filter*>(filter)};
    checked(::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
            "filter what a socket receives");
}

sockaddr_ll link_address(int ifindex, int protocol) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(static_cast<std::uint16_t>(protocol));
    address.sll_ifindex = ifindex;
    return address;
}

sockaddr_in inet_address(const Ip& ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, ip.data(), ip.size());
    return address;
}

// Bound at last, and by that begun: until then nothing comes that the filter has not seen.
void bind_to_link(const Fd& socket, int ifindex, int protocol) {
    const sockaddr_ll address = link_address(ifindex, protocol);
    checked(::bind(socket.get(), as_sockaddr(address), sizeof address),
            "receive what comes to the interface");
}

Fd open_messages(int ifindex) {
    Fd socket = make_socket(AF_PACKET, SOCK_DGRAM, 0);
    set_filter(socket, for_clients);
    set_option(socket, SOL_PACKET, PACKET_AUXDATA, 1, "ask which checksums are made");
    bind_to_link(socket, ifindex, ETH_P_IP);
    return socket;
}

Fd open_arp(int ifindex) {
    Fd socket = make_socket(AF_PACKET, SOCK_DGRAM, 0);
    bind_to_link(socket, ifindex, ETH_P_ARP);
    return socket;
}

// What comes to it is read by the packet socket: this one only keeps the kernel from refusing it.
Fd open_unicast(int ifindex, const Ip& from) {
    Fd socket = make_socket(AF_INET, SOCK_DGRAM, 0);
    set_filter(socket, nothing);
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "share a port");
    bind_to_interface(socket, ifindex);
    const sockaddr_in address = inet_address(from, client_port4);
    checked(::bind(socket.get(), as_sockaddr(address), sizeof address), "bind a socket to port 68");
    return socket;
}

// What one packet socket got.
struct Packet {
    std::array<std::uint8_t, max_packet> buffer;
    std::size_t size = 0;
    bool has_checksum = true;
    bool is_own = false;  ///< sent from this interface

    View bytes() const { return View(buffer).first(size); }
};

void read_auxiliary(msghdr& header, Packet& packet) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        tpacket_auxdata auxiliary;
        std::memcpy(&auxiliary, CMSG_DATA(c), sizeof auxiliary);
        packet.has_checksum = (auxiliary.tp_status & TP_STATUS_CSUMNOTREADY) == 0;
    }
}

// False when there is nothing, for the moment.
bool receive(const Fd& socket, Packet& packet) {
    iovec piece{packet.buffer.data(), packet.buffer.size()};
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
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    packet.size = static_cast<std::size_t>(checked(size, "receive from the interface"));
    packet.is_own = sender.sll_pkttype == PACKET_OUTGOING;
    read_auxiliary(header, packet);
    return true;
}

// One for all of them: nothing is kept in it.
Packet& shared_packet() {
    static Packet packet;
    packet.has_checksum = true;
    return packet;
}

Wire4::Received parse_message_of(const Packet& packet) {
    const auto datagram = parse_packet4(
        packet.bytes(), packet.has_checksum ? UdpChecksum::verify : UdpChecksum::not_made_yet);
    const auto* parsed = std::get_if<Datagram4>(&datagram);
    // Whoever may use port 67 is root on some host; other ports are anybody's.
    if (!parsed || parsed->destination_port != client_port4 || parsed->source_port != server_port4)
        return Nothing{};
    auto message = parse_message4(parsed->payload);
    if (auto* good = std::get_if<Message4>(&message)) return std::move(*good);
    return Nothing{};
}

Wire4::Received parse_arp_of(const Packet& packet) {
    if (const auto arp = parse_arp(packet.bytes())) return *arp;
    return Nothing{};
}

}  // namespace

Wire4::Wire4(const Netns& netns, int ifindex) : ifindex_(ifindex) {
    netns.run([&] {
        messages_ = open_messages(ifindex);
        arp_ = open_arp(ifindex);
    });
}

void Wire4::broadcast(const Fd& socket, int protocol, View packet) const {
    sockaddr_ll address = link_address(ifindex_, protocol);
    address.sll_halen = ETH_ALEN;
    std::memset(address.sll_addr, 0xff, ETH_ALEN);
    checked(::sendto(socket.get(), packet.data(), packet.size(), 0, as_sockaddr(address),
                     sizeof address),
            "send to the interface");
}

// What waits for the neighbour's MAC address is accounted to the socket.
bool Wire4::has_left() const {
    int unsent = 0;
    return ::ioctl(unicast_.get(), SIOCOUTQ, &unsent) < 0 || unsent == 0;
}

bool Wire4::send_unicast(const Netns& netns, const Send4& message) {
    if (!unicast_ || bound_to_ != message.from) {
        try {
            unicast_ = netns.run([&] { return open_unicast(ifindex_, message.from); });
        } catch (const SysError& error) {
            // Others may have taken the address from the interface, or have the port.
            if (error.error != EADDRNOTAVAIL && error.error != EADDRINUSE) throw;
            return false;
        }
        bound_to_ = message.from;
    }
    const sockaddr_in to = inet_address(message.to, server_port4);
    return ::sendto(unicast_.get(), message.payload.data(), message.payload.size(), 0,
                    as_sockaddr(to), sizeof to) >= 0;
}

void Wire4::send(const Netns& netns, const Send4& message, Hurry hurry) {
    const bool is_unicast =
        message.to != broadcast4() && !message.from.is_any() && hurry != Hurry::never_given;
    if (is_unicast && send_unicast(netns, message) && (hurry == Hurry::no || has_left())) return;
    broadcast(messages_, ETH_P_IP,
              encode(Datagram4{
                  .source = message.from, .destination = message.to, .payload = message.payload}));
}

void Wire4::send(const Netns&, const SendArp& packet, Hurry) const {
    broadcast(arp_, ETH_P_ARP, packet.packet);
}

void Wire4::follow(Loop& loop, State4 state, const Hear& hear) {
    const auto watch = [&](std::optional<Watch>& its, const Fd& socket) {
        if (!its) its.emplace(loop, socket.get(), EPOLLIN, [hear, fd = socket.get()] { hear(fd); });
    };
    watch(message_watch_, messages_);
    if (state == State4::checking)
        watch(arp_watch_, arp_);
    else
        arp_watch_.reset();
}

Wire4::Received Wire4::receive(int fd) {
    Packet& packet = shared_packet();
    const bool is_arp = fd == arp_.get();
    if (!dhcp::receive(is_arp ? arp_ : messages_, packet) || packet.is_own) return Nothing{};
    return is_arp ? parse_arp_of(packet) : parse_message_of(packet);
}

}  // namespace cni::dhcp
