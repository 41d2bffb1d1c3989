#include "support/raw_packets.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "net/ip.h"

namespace cni::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t hops = 64;
constexpr std::size_t udp_length = 8 + 4, tcp_length = 20;
constexpr int patience = 3000;  // ms

void put16(Bytes& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& out, std::uint32_t value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}
void put(Bytes& out, const Ip& ip) {
    out.insert(out.end(), ip.data(), ip.data() + ip.size());
}

/// RFC 1071; of an even number of bytes.
unsigned checksum(const Bytes& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

void set16(Bytes& bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

Bytes transport(const RawPacket& packet, const Ip& source, const Ip& destination) {
    Bytes out;
    const bool udp = packet.protocol == IPPROTO_UDP;
    put16(out, static_cast<unsigned>(packet.source_port));
    put16(out, static_cast<unsigned>(packet.port));
    if (udp) {
        put32(out, udp_length << 16);
        put32(out, packet.mark);
    } else {
        put32(out, packet.mark);
        put32(out, 0);
        put32(out, 0x50020000 | 0xfff0);  // five words, SYN
        put32(out, 0);
    }
    Bytes summed;
    put(summed, source);
    put(summed, destination);
    put32(summed, static_cast<std::uint32_t>(out.size()));
    put32(summed, packet.protocol);
    summed.insert(summed.end(), out.begin(), out.end());
    set16(out, udp ? 6 : 16, checksum(summed));
    return out;
}

Bytes header(const RawPacket& packet, const Ip& source, const Ip& destination, std::size_t length) {
    Bytes out;
    if (source.family() == Family::v6) {
        put32(out, 6u << 28);
        put16(out, static_cast<unsigned>(length));
        put16(out, static_cast<unsigned>(packet.protocol << 8 | hops));
    } else {
        put16(out, 0x4500);
        put16(out, static_cast<unsigned>(20 + length));
        put32(out, 0);
        put16(out, static_cast<unsigned>(hops << 8 | packet.protocol));
        put16(out, 0);
    }
    put(out, source);
    put(out, destination);
    if (source.family() == Family::v4) set16(out, 10, checksum(out));
    return out;
}

void append(Bytes& to, const Bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

Mac mac_of(const Netns& netns, const std::string& ifname) {
    return netns.run([&] {
        const Fd socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        ifreq request{};
        ifname.copy(request.ifr_name, sizeof request.ifr_name - 1);
        checked(::ioctl(socket.get(), SIOCGIFHWADDR, &request), "ask for the MAC of ", ifname);
        Mac mac;
        std::memcpy(mac.bytes.data(), request.ifr_hwaddr.sa_data, mac.bytes.size());
        return mac;
    });
}

void send_frame(const Netns& from, const std::string& ifname, const Mac& to,
                const RawPacket& packet) {
    const Ip source = Ip::parse(packet.source).value(),
             target = Ip::parse(packet.destination).value();
    const Mac own = mac_of(from, ifname);
    Bytes frame(to.bytes.begin(), to.bytes.end());
    frame.insert(frame.end(), own.bytes.begin(), own.bytes.end());
    put16(frame, source.family() == Family::v4 ? ETH_P_IP : ETH_P_IPV6);
    const Bytes body = transport(packet, source, target);
    append(frame, header(packet, source, target, body.size()));
    append(frame, body);
    from.run([&] {
        const Fd socket(checked(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "packet socket"));
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_ifindex = static_cast<int>(::if_nametoindex(ifname.c_str()));
        checked(::sendto(socket.get(), frame.data(), frame.size(), 0,
                         reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "send a frame through ", ifname);
    });
}

Delivered::Delivered(const Netns& netns, std::uint8_t protocol, char family)
    : protocol_(protocol), family_(family) {
    netns.run([&] {
        const int domain = family == '4' ? AF_INET : AF_INET6;
        socket_ = Fd(checked(::socket(domain, SOCK_RAW | SOCK_CLOEXEC, protocol), "raw socket"));
    });
}

std::set<std::uint32_t> Delivered::marks_until(std::uint32_t end) const {
    std::set<std::uint32_t> seen;
    for (;;) {
        pollfd event{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (checked(::poll(&event, 1, patience), "wait for a packet") == 0)
            throw Error(Code::internal, cat("no packet with mark ", end));
        std::uint8_t buffer[256];
        const auto size = static_cast<std::size_t>(
            checked(::recv(socket_.get(), buffer, sizeof buffer, 0), "receive a packet"));
        // Raw sockets of IPv6 show no header.
        const std::size_t start = family_ == '4' ? (buffer[0] & 15u) * 4u : 0;
        const std::size_t at = start + (protocol_ == IPPROTO_UDP ? 8 : 4);
        if (size < at + 4) continue;
        const std::uint32_t found = static_cast<std::uint32_t>(buffer[at]) << 24 |
                                    static_cast<std::uint32_t>(buffer[at + 1]) << 16 |
                                    static_cast<std::uint32_t>(buffer[at + 2]) << 8 |
                                    buffer[at + 3];
        if (found == end) return seen;
        seen.insert(found);
    }
}

}  // namespace cni::test
