#include "wire4.h"

#include <linux/if_ether.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "packets.h"
#include "sockets.h"

namespace cni::dhcp {
namespace {

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

sockaddr_in inet_address(const Ip& ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, ip.data(), ip.size());
    return address;
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

Wire4::Received parse_message_of(const Packet& packet) {
    const auto datagram = parse_packet4(packet.bytes, packet.checksum);
    const auto* parsed = std::get_if<Datagram4>(&datagram);
    // Whoever may use port 67 is root on some host; other ports are anybody's.
    if (!parsed || parsed->destination_port != client_port4 || parsed->source_port != server_port4)
        return Nothing{};
    auto message = parse_message4(parsed->payload);
    if (auto* good = std::get_if<Message4>(&message)) return std::move(*good);
    return Nothing{};
}

Wire4::Received parse_arp_of(const Packet& packet) {
    if (const auto arp = parse_arp(packet.bytes)) return *arp;
    return Nothing{};
}

}  // namespace

// Closing a packet socket takes the kernel a while: whose last word is said needs none.
void Wire4::listen(const Netns& netns) {
    if (messages_) return;
    messages_ = netns.run([&] { return open_packets(ifindex_, ETH_P_IP, for_clients); });
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
    if (hurry != Hurry::yes) listen(netns);
    const bool is_unicast =
        message.to != broadcast4() && !message.from.is_any() && hurry != Hurry::never_given;
    if (is_unicast && send_unicast(netns, message) && (hurry == Hurry::no || has_left())) return;
    listen(netns);
    broadcast(messages_, ETH_P_IP,
              encode(Datagram4{
                  .source = message.from, .destination = message.to, .payload = message.payload}));
}

void Wire4::send(const Netns& netns, const SendArp& packet, Hurry) {
    if (!arp_) arp_ = netns.run([&] { return open_packets(ifindex_, ETH_P_ARP); });
    broadcast(arp_, ETH_P_ARP, packet.packet);
}

void Wire4::follow(Loop& loop, State4 state, const Hear& hear) {
    const auto watch = [&](std::optional<Watch>& its, const Fd& socket) {
        if (!its && socket)
            its.emplace(loop, socket.get(), EPOLLIN, [hear, fd = socket.get()] { hear(fd); });
    };
    watch(message_watch_, messages_);
    if (state == State4::checking)
        watch(arp_watch_, arp_);
    else
        arp_watch_.reset();
}

Wire4::Received Wire4::receive(int fd) {
    const bool is_arp = fd == arp_.get();
    const auto packet = receive_packet(is_arp ? arp_ : messages_);
    if (!packet || packet->is_own) return Nothing{};
    return is_arp ? parse_arp_of(*packet) : parse_message_of(*packet);
}

}  // namespace cni::dhcp
