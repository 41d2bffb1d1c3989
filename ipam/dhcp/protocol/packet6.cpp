#include "packet6.h"

namespace cni::dhcp {
namespace {

constexpr std::uint8_t version = 6, icmp6 = 58, of_this_link = 255;
constexpr std::uint8_t neighbor_solicitation = 135, neighbor_advertisement = 136;

struct Packet6 {
    Ip source, destination;
    std::uint8_t protocol, hops;
    View content;
};

// Without headers between: such a one counts as a protocol.
std::optional<Packet6> parse_packet6(View packet) {
    Reader reader(packet);
    const std::uint32_t first = reader.u32();
    const std::size_t size = reader.u16();
    const std::uint8_t next = reader.u8(), hops = reader.u8();
    const Ip source = reader.ip(Family::v6), destination = reader.ip(Family::v6);
    const View content = reader.bytes(size);
    if (reader.failed() || first >> 28 != version) return {};
    return Packet6{source, destination, next, hops, content};
}

// RFC 8200, 8.1. Of what holds its checksum it is 0.
std::uint16_t checksum_of(const Packet6& packet) {
    Bytes pseudo = to_bytes(packet.source);
    put(pseudo, packet.destination);
    put_u32(pseudo, static_cast<std::uint32_t>(packet.content.size()));
    put_u32(pseudo, packet.protocol);
    return folded(sum_of(pseudo) + sum_of(packet.content));
}

// Each has its length behind its type, in units of eight bytes.
bool are_options_whole(Reader reader) {
    while (!reader.empty()) {
        reader.u8();  // type
        const std::size_t size = reader.u8() * std::size_t{8};
        if (size == 0) return false;
        reader.bytes(size - 2);
        if (reader.failed()) return false;
    }
    return true;
}

}  // namespace

Ip solicited_node(const Ip& address) {
    constexpr std::size_t own_bytes = 3;
    const Ip group = Ip::parse("ff02::1:ff00:0").value();
    Bytes bytes = to_bytes(group);
    for (std::size_t i = bytes.size() - own_bytes; i < bytes.size(); ++i)
        bytes[i] = address.data()[i];
    return Ip::from_bytes(Family::v6, bytes.data());
}

Bytes neighbor_probe(const Ip& address) {
    Bytes content = {neighbor_solicitation, 0, 0, 0, 0, 0, 0, 0};
    put(content, address);
    const Packet6 packet{Ip::any(Family::v6), solicited_node(address), icmp6, of_this_link,
                         content};
    const std::uint16_t checksum = checksum_of(packet);
    content[2] = static_cast<std::uint8_t>(checksum >> 8);
    content[3] = static_cast<std::uint8_t>(checksum & 0xff);
    Bytes out = {version << 4, 0, 0, 0};
    put_u16(out, static_cast<std::uint16_t>(content.size()));
    put_u8(out, icmp6);
    put_u8(out, of_this_link);
    put(out, packet.source);
    put(out, packet.destination);
    put(out, content);
    return out;
}

std::optional<Ip> advertised_neighbor(View packet) {
    const auto parsed = parse_packet6(packet);
    if (!parsed || parsed->protocol != icmp6 || parsed->hops != of_this_link ||
        checksum_of(*parsed) != 0)
        return {};
    Reader reader(parsed->content);
    const std::uint8_t type = reader.u8(), code = reader.u8();
    reader.u16();  // checksum
    reader.u32();  // flags
    const Ip address = reader.ip(Family::v6);
    if (reader.failed() || type != neighbor_advertisement || code != 0 || address.is_multicast() ||
        !are_options_whole(reader))
        return {};
    return address;
}

std::optional<View> datagram_for(std::uint16_t port, View packet, UdpChecksum checksum) {
    const auto parsed = parse_packet6(packet);
    if (!parsed || parsed->protocol != udp) return {};
    Reader reader(parsed->content);
    reader.u16();  // where it comes from
    const std::uint16_t to = reader.u16();
    const std::size_t size = reader.u16();
    reader.u16();  // checksum
    if (reader.failed() || to != port || size != parsed->content.size()) return {};
    if (checksum == UdpChecksum::verify && checksum_of(*parsed) != 0) return {};
    return reader.rest();
}

}  // namespace cni::dhcp
