#include "packet4.h"

#include <algorithm>

namespace cni::dhcp {
namespace {

constexpr std::size_t ip_head = 20, udp_head = 8;

/// 0 when the datagram, its checksum within, is as it was sent.
std::uint16_t udp_checksum(const Ip& source, const Ip& destination, View datagram) {
    Bytes pseudo_head;
    put(pseudo_head, source);
    put(pseudo_head, destination);
    put_u16(pseudo_head, udp);
    put_u16(pseudo_head, datagram.size());
    return folded(sum_of(pseudo_head) + sum_of(datagram));
}

void set_u16(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

Bytes udp_datagram(const Datagram4& datagram) {
    Bytes out;
    put_u16(out, datagram.source_port);
    put_u16(out, datagram.destination_port);
    put_u16(out, udp_head + datagram.payload.size());
    put_u16(out, 0);
    put(out, datagram.payload);
    const std::uint16_t checksum = udp_checksum(datagram.source, datagram.destination, out);
    // 0 stands for none.
    constexpr std::size_t at = 6;
    set_u16(out, at, checksum == 0 ? 0xffff : checksum);
    return out;
}

/// What the IP header says is in the packet, and nothing behind it.
struct IpPacket {
    Ip source, destination;
    View content;
};

Parsed<IpPacket> parse_ip(View packet) {
    Reader reader(packet);
    const std::uint8_t first = reader.u8();
    reader.u8();  // type of service
    const std::size_t size = reader.u16();
    reader.u16();  // identification
    const std::uint16_t fragment = reader.u16();
    reader.u8();  // time to live
    const std::uint8_t protocol = reader.u8();
    reader.u16();  // checksum
    IpPacket parsed{reader.ip(Family::v4), reader.ip(Family::v4), {}};
    const std::size_t head = std::size_t{first & 0xfu} * 4;
    if (reader.failed() || first >> 4 != 4 || head < ip_head || head > size || size > packet.size())
        return Malformed{"not a whole packet of IPv4"};
    if (protocol != udp) return Malformed{"not UDP"};
    constexpr std::uint16_t do_not_fragment = 0x4000;
    if (fragment & ~do_not_fragment) return Malformed{"a fragment"};
    if (folded(sum_of(packet.first(head))) != 0) return Malformed{"wrong checksum of IPv4"};
    parsed.content = packet.first(size).subspan(head);
    return parsed;
}

constexpr std::uint16_t arp_ethernet = 1, arp_ipv4 = 0x0800, arp_request = 1, arp_reply = 2;
constexpr std::uint16_t arp_sizes = 0x0604;

Mac read_mac(Reader& reader) {
    Mac mac;
    std::ranges::copy(reader.bytes(mac.bytes.size()), mac.bytes.begin());
    return mac;
}

}  // namespace

Ip broadcast4() {
    return Ip::any(Family::v4).filled(0);
}

Bytes encode(const Datagram4& datagram) {
    constexpr std::uint8_t version_and_size = 0x45, time_to_live = 64;
    Bytes out{version_and_size, 0};
    put_u16(out, ip_head + udp_head + datagram.payload.size());
    put_u32(out, 0);  // identification and fragment
    put_u8(out, time_to_live);
    put_u8(out, udp);
    put_u16(out, 0);
    put(out, datagram.source);
    put(out, datagram.destination);
    constexpr std::size_t at = 10;
    set_u16(out, at, folded(sum_of(out)));
    put(out, udp_datagram(datagram));
    return out;
}

Parsed<Datagram4> parse_packet4(View packet, UdpChecksum checksum) {
    const auto ip_packet = parse_ip(packet);
    if (const auto* malformed = std::get_if<Malformed>(&ip_packet)) return *malformed;
    const auto& [source, destination, content] = std::get<IpPacket>(ip_packet);
    Reader reader(content);
    Datagram4 datagram{source, destination, {}, reader.u16(), reader.u16()};
    const std::size_t size = reader.u16();
    const bool has_checksum = reader.u16() != 0;
    if (reader.failed() || size < udp_head || size > content.size())
        return Malformed{"not a whole datagram of UDP"};
    if (has_checksum && checksum == UdpChecksum::verify &&
        udp_checksum(source, destination, content.first(size)) != 0)
        return Malformed{"wrong checksum of UDP"};
    datagram.payload = content.first(size).subspan(udp_head);
    return datagram;
}

Bytes encode(const Arp& arp) {
    Bytes out;
    put_u16(out, arp_ethernet);
    put_u16(out, arp_ipv4);
    put_u16(out, arp_sizes);
    put_u16(out, arp.is_reply ? arp_reply : arp_request);
    put(out, arp.sender_mac.bytes);
    put(out, arp.sender);
    put(out, arp.target_mac.bytes);
    put(out, arp.target);
    return out;
}

std::optional<Arp> parse_arp(View packet) {
    Reader reader(packet);
    const bool is_ours =
        reader.u16() == arp_ethernet && reader.u16() == arp_ipv4 && reader.u16() == arp_sizes;
    const std::uint16_t operation = reader.u16();
    Arp arp{.is_reply = operation == arp_reply};
    arp.sender_mac = read_mac(reader);
    arp.sender = reader.ip(Family::v4);
    arp.target_mac = read_mac(reader);
    arp.target = reader.ip(Family::v4);
    if (!is_ours || reader.failed() || (operation != arp_request && !arp.is_reply)) return {};
    return arp;
}

Arp arp_probe(const Mac& own, const Ip& address) {
    return {.sender_mac = own, .target = address};
}

bool shows_conflict(const Arp& arp, const Mac& own, const Ip& address) {
    const bool is_probe = !arp.is_reply && arp.sender.is_any() && arp.target == address;
    return arp.sender == address || (is_probe && arp.sender_mac != own);
}

}  // namespace cni::dhcp
