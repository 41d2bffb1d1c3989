#include <gmock/gmock.h>

#include "ipam/dhcp/protocol/options6.h"
#include "ipam/dhcp/protocol/packet6.h"

namespace cni::dhcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Ip ip(const char* text) {
    return Ip::parse(text).value();
}

std::string_view why_not(const Bytes& bytes) {
    const auto parsed = parse_message6(bytes);
    const auto* malformed = std::get_if<Malformed>(&parsed);
    return malformed ? malformed->reason : "";
}

TEST(DhcpMessage6, IsWrittenAsTheRfcHasIt) {
    const Message6 message{Type6::request, 0xff010203, {{1, {7, 8}}, {14, {}}}};
    const Bytes bytes = {3, 1, 2, 3, 0, 1, 0, 2, 7, 8, 0, 14, 0, 0};
    EXPECT_EQ(encode(message), bytes);
    EXPECT_EQ(parse_message6(bytes),
              Parsed<Message6>(Message6{Type6::request, 0x010203, message.options}));
    EXPECT_EQ(parse_message6(Bytes{9, 0, 0, 0}), Parsed<Message6>(Message6{Type6::decline, 0, {}}));
}

TEST(DhcpMessage6, WhatIsNoneIsRefused) {
    const Bytes whole = {7, 1, 2, 3, 0, 1, 0, 2, 7, 8};
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(why_not(to_bytes(View(whole).first(size))), size < 4 ? "shorter than a message"
                                                              : size == 4
                                                                  ? ""
                                                                  : "an option that is cut off");
    EXPECT_EQ(why_not({7, 1, 2, 3, 0, 1, 255, 255, 1}), "an option that is cut off");
    for (const std::uint8_t type : Bytes{0, 10, 11, 12, 13, 255})
        EXPECT_EQ(why_not({type, 1, 2, 3}), "of a type that is not for clients");
}

TEST(DhcpMessage6, IdentitiesAreThoseOfTheRfc) {
    EXPECT_EQ(duid_of(Mac::parse("02:11:22:33:44:55").value()),
              (Bytes{0, 3, 0, 1, 2, 0x11, 0x22, 0x33, 0x44, 0x55}));
    EXPECT_EQ(duid_of(std::array<std::uint8_t, 16>{1, 2}),
              (Bytes{0, 4, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(all_servers6(), ip("ff02::1:2"));
}

TEST(DhcpOptions6, AnAddressIsAskedForWithoutTimes) {
    EXPECT_EQ(make_ia(0x01020304, std::nullopt),
              (Option6{3, {1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}}));
    EXPECT_EQ(make_ia(1, ip("fd00::5")),
              (Option6{3, {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24, 0xfd, 0, 0, 0,
                           0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0,  0,    0, 0, 0}}));
}

TEST(DhcpOptions6, AnInterfaceIsReadWithItsAddresses) {
    Bytes value = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    const Bytes head = value;
    Bytes address = to_bytes(ip("fd00::5"));
    put_u32(address, 4);
    put_u32(address, 5);
    put(value, encode(Options6{{5, address}, {13, {0, 2}}}));
    const IaNa expected{1, 2, 3, {{ip("fd00::5"), 4, 5}}, Status6::no_addresses_available};
    EXPECT_EQ(find_ia({{3, value}}, 1), expected);
    EXPECT_EQ(find_ia({{3, value}}, 2), std::nullopt);
    EXPECT_EQ(find_ia({{4, value}}, 1), std::nullopt);
    EXPECT_EQ(find_ia({{3, head}}, 1), (IaNa{1, 2, 3}));
    EXPECT_EQ(find_ia({{3, {0, 0, 0}}, {3, head}}, 1), (IaNa{1, 2, 3})) << "behind a wrong one";
    for (std::size_t size = 0; size < value.size(); ++size) {
        const auto ia = find_ia({{3, to_bytes(View(value).first(size))}}, 1);
        EXPECT_EQ(ia.has_value(), size == 12 || size == value.size() - 6) << size;
    }
    address.pop_back();
    Bytes cut = head;
    put(cut, encode(Options6{{5, address}}));
    EXPECT_THAT(find_ia({{3, cut}}, 1)->addresses, IsEmpty());
}

TEST(DhcpOptions6, AStatusIsSuccessUnlessToldOtherwise) {
    EXPECT_EQ(status_in({}), Status6::success);
    EXPECT_EQ(status_in({{13, {0, 0, 'o', 'k'}}}), Status6::success);
    EXPECT_EQ(status_in({{13, {0, 3}}}), Status6::no_binding);
    EXPECT_EQ(status_in({{13, {0, 6}}}), Status6::unspecified_failure);
    EXPECT_EQ(status_in({{13, {3}}}), Status6::unspecified_failure);
    EXPECT_EQ(status_in({{13, {}}}), Status6::unspecified_failure);
}

TEST(DhcpOptions6, ServersAndNamesAreThoseThatCanBeUsed) {
    Bytes servers = to_bytes(ip("fd00::53"));
    put(servers, to_bytes(ip("fe80::1")));
    put(servers, Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1});
    EXPECT_THAT(dns_servers(Options6{{23, servers}}), ElementsAre(ip("fd00::53")));
    servers.pop_back();
    EXPECT_THAT(dns_servers(Options6{{23, servers}}), IsEmpty());
    EXPECT_THAT(dns_servers(Options6{}), IsEmpty());
    EXPECT_THAT(search_list(Options6{{24, {1, 'a', 0, 1, 'b', 1, 'c', 0}}}),
                ElementsAre("a", "b.c"));
    EXPECT_THAT(search_list(Options6{{24, {1, 'a'}}}), IsEmpty());
    EXPECT_THAT(search_list(Options6{}), IsEmpty());
    EXPECT_EQ(preference({{7, {9}}}), 9);
    EXPECT_EQ(preference({{7, {9, 9}}}), 0);
    EXPECT_EQ(preference({}), 0);
}

TEST(DhcpPacket6, ProbesComeFromNobodyAndGoToTheGroup) {
    Bytes expected = {0x60, 0, 0, 0, 0, 24, 58, 255};
    expected.resize(24);
    put(expected, to_bytes(ip("ff02::1:ff03:405")));
    put(expected, Bytes{135, 0, 0x73, 0x16, 0, 0, 0, 0});
    put(expected, to_bytes(ip("fe80::1:2ff:fe03:405")));
    EXPECT_EQ(neighbor_probe(ip("fe80::1:2ff:fe03:405")), expected);
}

// An answer to it, to all nodes, with the address of its link.
Bytes advertisement() {
    Bytes bytes = {0x60, 0, 0, 0, 0, 32, 58, 255};
    put(bytes, to_bytes(ip("fd00::5")));
    put(bytes, to_bytes(ip("ff02::1")));
    put(bytes, Bytes{136, 0, 0x5a, 0x93, 0x20, 0, 0, 0});
    put(bytes, to_bytes(ip("fd00::5")));
    put(bytes, Bytes{2, 1, 2, 0, 0, 0, 0, 1});
    return bytes;
}

TEST(DhcpPacket6, NeighborsTellTheirAddress) {
    EXPECT_EQ(advertised_neighbor(advertisement()), ip("fd00::5"));
    Bytes padded = advertisement();
    padded.push_back(0);
    EXPECT_EQ(advertised_neighbor(padded), ip("fd00::5"));
}

TEST(DhcpPacket6, OthersAreNotListenedTo) {
    const Bytes good = advertisement();
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(advertised_neighbor(View(good).first(size)), std::nullopt) << size;
    for (const std::size_t place : {6u, 7u, 40u, 41u, 42u, 50u, 65u}) {
        Bytes bad = good;
        ++bad[place];
        EXPECT_EQ(advertised_neighbor(bad), std::nullopt) << place;
    }
    EXPECT_EQ(advertised_neighbor(neighbor_probe(ip("fd00::5"))), std::nullopt);
}

constexpr auto verify = UdpChecksum::verify;

// From a server to a client.
Bytes datagram() {
    Bytes bytes = {0x60, 0, 0, 0, 0, 11, 17, 64};
    put(bytes, to_bytes(ip("fe80::1")));
    put(bytes, to_bytes(ip("fe80::2")));
    put(bytes, Bytes{2, 35, 2, 34, 0, 11, 0xee, 0x86, 7, 8, 9});
    return bytes;
}

std::optional<Bytes> content(const Bytes& packet, UdpChecksum checksum = verify) {
    const auto found = datagram_for(546, packet, checksum);
    return found ? std::optional(to_bytes(*found)) : std::nullopt;
}

TEST(DhcpPacket6, WhatComesToAPortIsRead) {
    EXPECT_EQ(content(datagram()), (Bytes{7, 8, 9}));
    Bytes padded = datagram();
    padded.push_back(0);
    EXPECT_EQ(content(padded), (Bytes{7, 8, 9}));
    Bytes unfinished = datagram();
    ++unfinished[47];
    EXPECT_EQ(content(unfinished), std::nullopt);
    EXPECT_EQ(content(unfinished, UdpChecksum::not_made_yet), (Bytes{7, 8, 9}));
}

TEST(DhcpPacket6, OthersDatagramsAreNot) {
    const Bytes good = datagram();
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(content(to_bytes(View(good).first(size))), std::nullopt) << size;
    for (const std::size_t place : {0u, 5u, 6u, 8u, 39u, 40u, 43u, 45u, 50u}) {
        Bytes bad = good;
        bad[place] = static_cast<std::uint8_t>(bad[place] ^ 0x10);
        EXPECT_EQ(content(bad), std::nullopt) << place;
    }
    EXPECT_EQ(datagram_for(547, good, verify), std::nullopt);
}

}  // namespace
}  // namespace cni::dhcp
