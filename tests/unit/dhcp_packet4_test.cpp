#include <gtest/gtest.h>

#include "ipam/dhcp/protocol/packet4.h"

namespace cni::dhcp {
namespace {

const Bytes payload = {'h', 'e', 'l', 'l', 'o'};

// By hand: 0x4500 + 0x0021 + 0x4011 + 0x0a00 + 0x0002 + 0x0a00 + 0x0001 is 0x9935, of which the
// complement is 0x66ca; the same way 0x5887 and 0xa778 of the datagram behind its pseudo header.
const Bytes whole = {0x45, 0, 0, 33, 0,  0, 0,  0, 64, 17,   0x66, 0xca, 10,  0,   0,   2,  10,
                     0,    0, 1, 0,  68, 0, 67, 0, 13, 0xa7, 0x78, 'h',  'e', 'l', 'l', 'o'};

Ip ip(const char* text) {
    return Ip::parse(text).value();
}
Mac mac(const char* text) {
    return Mac::parse(text).value();
}

std::string_view why_not(const Bytes& packet, UdpChecksum checksum = UdpChecksum::verify) {
    const auto parsed = parse_packet4(packet, checksum);
    const auto* malformed = std::get_if<Malformed>(&parsed);
    return malformed ? malformed->reason : "";
}

/// With other bytes from `at` on, and a checksum of IPv4 that fits.
Bytes changed(std::size_t at, const Bytes& bytes) {
    Bytes packet = whole;
    std::copy(bytes.begin(), bytes.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    packet[10] = packet[11] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 20; i += 2)
        sum += static_cast<std::uint32_t>(packet[i] << 8 | packet[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    packet[10] = static_cast<std::uint8_t>(~sum >> 8);
    packet[11] = static_cast<std::uint8_t>(~sum);
    return packet;
}

TEST(DhcpPacket4, IsWrittenWithItsChecksums) {
    EXPECT_EQ(encode(Datagram4{ip("10.0.0.2"), ip("10.0.0.1"), payload}), whole);
}

TEST(DhcpPacket4, IsReadAsItWasWritten) {
    Bytes padded = whole;
    padded.resize(60, 0xff);
    for (const Bytes& packet : {whole, padded}) {
        const auto parsed = parse_packet4(packet, UdpChecksum::verify);
        ASSERT_TRUE(std::holds_alternative<Datagram4>(parsed))
            << std::get<Malformed>(parsed).reason;
        const auto& datagram = std::get<Datagram4>(parsed);
        EXPECT_EQ(datagram.source, ip("10.0.0.2"));
        EXPECT_EQ(datagram.destination, ip("10.0.0.1"));
        EXPECT_EQ(datagram.source_port, 68);
        EXPECT_EQ(datagram.destination_port, 67);
        EXPECT_EQ(to_bytes(datagram.payload), payload);
    }
}

TEST(DhcpPacket4, AChecksumOfZeroIsNone) {
    EXPECT_EQ(why_not(changed(26, {0, 0})), "");
    // So that what adds up to it is written as ffff.
    Bytes odd = {0, 0};
    const Bytes first = encode(Datagram4{ip("10.0.0.2"), ip("10.0.0.1"), odd});
    const Bytes fitting = {first[26], first[27]};
    const Bytes second = encode(Datagram4{ip("10.0.0.2"), ip("10.0.0.1"), fitting});
    EXPECT_EQ(Bytes(second.begin() + 26, second.begin() + 28), (Bytes{0xff, 0xff}));
    EXPECT_EQ(why_not(second), "");
}

TEST(DhcpPacket4, EveryBitCounts) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        Bytes packet = whole;
        packet[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        EXPECT_NE(why_not(packet), "") << "bit " << bit;
    }
}

TEST(DhcpPacket4, AChecksumThatIsStillToBeMadeIsNotLookedAt) {
    EXPECT_EQ(why_not(changed(26, {1, 2})), "wrong checksum of UDP");
    EXPECT_EQ(why_not(changed(26, {1, 2}), UdpChecksum::not_made_yet), "");
}

TEST(DhcpPacket4, WhatIsNoWholeDatagramIsRefused) {
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(why_not(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                  "not a whole packet of IPv4");
    constexpr std::string_view no_ip = "not a whole packet of IPv4";
    EXPECT_EQ(why_not(changed(0, {0x65})), no_ip);
    EXPECT_EQ(why_not(changed(0, {0x44})), no_ip);
    EXPECT_EQ(why_not(changed(0, {0x4f})), no_ip) << "options longer than the packet";
    EXPECT_EQ(why_not(changed(2, {0, 19})), no_ip);
    EXPECT_EQ(why_not(changed(2, {0xff, 0xff})), no_ip);
    EXPECT_EQ(why_not(changed(9, {6})), "not UDP");
    EXPECT_EQ(why_not(changed(6, {0x20, 0})), "a fragment");
    EXPECT_EQ(why_not(changed(6, {0, 1})), "a fragment");
    EXPECT_EQ(why_not(changed(6, {0x40, 0})), "");
    constexpr std::string_view no_udp = "not a whole datagram of UDP";
    EXPECT_EQ(why_not(changed(2, {0, 27})), no_udp) << "no room for its header";
    EXPECT_EQ(why_not(changed(24, {0, 7})), no_udp);
    EXPECT_EQ(why_not(changed(24, {0, 14})), no_udp);
}

TEST(DhcpPacket4, OptionsOfIpAreSkipped) {
    Bytes packet = changed(0, {0x46, 0, 0, 37});
    packet.insert(packet.begin() + 20, {1, 1, 1, 1});
    // 0x0101 twice more in the sum.
    const int sum = (packet[10] << 8 | packet[11]) - 0x0202;
    packet[10] = static_cast<std::uint8_t>(sum >> 8);
    packet[11] = static_cast<std::uint8_t>(sum);
    EXPECT_EQ(why_not(packet), "");
}

const Mac own = mac("02:00:00:00:00:01"), other = mac("02:00:00:00:00:02");

TEST(DhcpArp, AProbeClaimsNothing) {
    EXPECT_EQ(encode(arp_probe(own, ip("10.0.0.9"))),
              (Bytes{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
                     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9}));
}

TEST(DhcpArp, IsReadAsItWasWritten) {
    const Arp reply{.is_reply = true,
                    .sender_mac = other,
                    .sender = ip("10.0.0.9"),
                    .target_mac = own,
                    .target = ip("10.0.0.1")};
    Bytes bytes = encode(reply);
    EXPECT_EQ(parse_arp(bytes), reply);
    bytes.resize(46);
    EXPECT_EQ(parse_arp(bytes), reply);
    EXPECT_EQ(parse_arp(encode(arp_probe(own, ip("10.0.0.9")))), arp_probe(own, ip("10.0.0.9")));
}

TEST(DhcpArp, WhatIsNoneIsRefused) {
    const Bytes bytes = encode(arp_probe(own, ip("10.0.0.9")));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(parse_arp(View(bytes).first(size)), std::nullopt);
    for (std::size_t at = 0; at < 8; ++at) {
        Bytes wrong = bytes;
        wrong[at] ^= 0x10;
        EXPECT_EQ(parse_arp(wrong), std::nullopt) << at;
    }
}

TEST(DhcpArp, SomebodyHasTheAddressOrWantsIt) {
    const Ip address = ip("10.0.0.9"), else_where = ip("10.0.0.8");
    const auto conflict = [&](const Arp& arp) { return shows_conflict(arp, own, address); };
    EXPECT_TRUE(conflict({.is_reply = true, .sender_mac = other, .sender = address}));
    EXPECT_TRUE(conflict({.sender_mac = other, .sender = address, .target = else_where}));
    // A neighbour of an ipvlan, which has the same MAC.
    EXPECT_TRUE(conflict({.is_reply = true, .sender_mac = own, .sender = address}));
    EXPECT_TRUE(conflict(arp_probe(other, address)));
    // What a bridge sends back.
    EXPECT_FALSE(conflict(arp_probe(own, address)));
    EXPECT_FALSE(conflict(arp_probe(other, else_where)));
    EXPECT_FALSE(conflict({.sender_mac = other, .sender = else_where, .target = address}));
    EXPECT_FALSE(conflict({.is_reply = true, .sender_mac = other, .target = address}));
}

}  // namespace
}  // namespace cni::dhcp
