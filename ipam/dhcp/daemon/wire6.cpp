#include "wire6.h"

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

#include "packets.h"
#include "sockets.h"

namespace cni::dhcp {
namespace {

// The kernel keeps from us what is no advertisement of a neighbor. Offsets are of the header of
// IPv6, where a packet of SOCK_DGRAM begins: next header, hop limit, type of ICMPv6.
constexpr sock_filter advertisements[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (IPPROTO_ICMPV6 << 8) | 255, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 40),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, max_packet),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

// Likewise, what is no UDP for port 546.
constexpr sock_filter for_clients[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, client_port6, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, max_packet),  BPF_STMT(BPF_RET | BPF_K, 0),
};

// RFC 2464, 7.
sockaddr_ll multicast_address(int ifindex, const Ip& group) {
    constexpr std::size_t kept = 4;
    sockaddr_ll address = link_address(ifindex, ETH_P_IPV6);
    address.sll_halen = ETH_ALEN;
    address.sll_addr[0] = address.sll_addr[1] = 0x33;
    std::memcpy(address.sll_addr + 2, group.data() + group.size() - kept, kept);
    return address;
}

sockaddr_in6 inet6_address(const Ip& ip, std::uint16_t port, int ifindex) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_scope_id = static_cast<std::uint32_t>(ifindex);
    std::memcpy(&address.sin6_addr, ip.data(), ip.size());
    return address;
}

// Bound at last, so that nothing comes by another interface. False when the port is somebody's.
bool bind_to_client_port(const Fd& socket) {
    const sockaddr_in6 address = inet6_address(Ip::any(Family::v6), client_port6, 0);
    if (::bind(socket.get(), as_sockaddr(address), sizeof address) == 0) return true;
    if (errno == EADDRINUSE) return false;
    throw SysError("bind a socket to port 546", errno);
}

Fd open_messages(int ifindex) {
    Fd socket = make_socket(AF_INET6, SOCK_DGRAM, 0);
    set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, "leave IPv4 to others");
    bind_to_interface(socket, ifindex);
    return socket;
}

Fd open_news() {
    Fd socket = make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_IPV6_IFADDR;
    checked(::bind(socket.get(), as_sockaddr(address), sizeof address), "hear of addresses");
    return socket;
}

// One for all of them: nothing is kept in it.
std::array<std::uint8_t, max_packet>& shared_buffer() {
    static std::array<std::uint8_t, max_packet> buffer;
    return buffer;
}

// nullopt when there is nothing, for the moment.
std::optional<View> read(const Fd& socket) {
    auto& buffer = shared_buffer();
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    return View(buffer).first(
        static_cast<std::size_t>(checked(size, "receive from the interface")));
}

}  // namespace

// A process of the container may have the port: then messages leave from another one, and what
// comes to it is read beside that process. Servers answer to port 546 (RFC 8415, 7.2).
Wire6::Wire6(const Netns& netns, int ifindex) : ifindex_(ifindex) {
    netns.run([&] {
        messages_ = open_messages(ifindex);
        if (!bind_to_client_port(messages_))
            overheard_ = open_packets(ifindex, ETH_P_IPV6, for_clients);
    });
}

// What has no link-local address yet has no address or no route to send by: which of the errors it
// is depends on what else the namespace has.
bool Wire6::leaves(const Bytes& payload) const {
    const sockaddr_in6 to = inet6_address(all_servers6(), server_port6, ifindex_);
    const ssize_t sent =
        ::sendto(messages_.get(), payload.data(), payload.size(), 0, as_sockaddr(to), sizeof to);
    if (sent < 0 && (errno == EADDRNOTAVAIL || errno == ENETUNREACH)) return false;
    checked(sent, "send to the interface");
    return true;
}

void Wire6::send(const Netns& netns, const Send6& message, Hurry) {
    waiting_.clear();
    if (leaves(message.payload)) return;
    await_address(netns);
    // There may be one since.
    if (!leaves(message.payload)) waiting_ = message.payload;
}

void Wire6::send(const Netns& netns, const SendProbe& probe, Hurry) {
    if (!neighbors_)
        neighbors_ = netns.run([&] { return open_packets(ifindex_, ETH_P_IPV6, advertisements); });
    const Bytes packet = neighbor_probe(probe.address);
    const sockaddr_ll to = multicast_address(ifindex_, solicited_node(probe.address));
    checked(::sendto(neighbors_.get(), packet.data(), packet.size(), 0, as_sockaddr(to), sizeof to),
            "send to the interface");
}

void Wire6::await_address(const Netns& netns) {
    if (!news_) news_ = netns.run(open_news);
}

void Wire6::follow(Loop& loop, State6 state, const Hear& hear) {
    const auto watch = [&](std::optional<Watch>& its, Fd& socket, bool is_wanted) {
        if (!is_wanted) {
            its.reset();
            socket.reset();
        } else if (socket && !its) {
            its.emplace(loop, socket.get(), EPOLLIN, [hear, fd = socket.get()] { hear(fd); });
        }
    };
    watch(message_watch_, overheard_ ? overheard_ : messages_, true);
    watch(neighbor_watch_, neighbors_, state == State6::checking);
    watch(news_watch_, news_, !waiting_.empty());
}

Wire6::Received Wire6::take_news() {
    try {
        while (read(news_)) {
        }
    } catch (const SysError& error) {
        // Too much has happened at once.
        if (error.error != ENOBUFS) throw;
    }
    if (leaves(waiting_)) waiting_.clear();
    return Nothing{};
}

Wire6::Received Wire6::take_neighbor() {
    const auto packet = receive_packet(neighbors_);
    const auto address = packet ? advertised_neighbor(packet->bytes) : std::nullopt;
    if (!address) return Nothing{};
    return Neighbor{*address};
}

std::optional<View> Wire6::take_payload() {
    if (!overheard_) return read(messages_);
    const auto packet = receive_packet(overheard_);
    if (!packet || packet->is_own) return {};
    return datagram_for(client_port6, packet->bytes, packet->checksum);
}

Wire6::Received Wire6::receive(int fd) {
    if (fd == news_.get()) return take_news();
    if (fd == neighbors_.get()) return take_neighbor();
    const auto payload = take_payload();
    if (!payload) return Nothing{};
    auto message = parse_message6(*payload);
    if (auto* good = std::get_if<Message6>(&message)) return std::move(*good);
    return Nothing{};
}

}  // namespace cni::dhcp
