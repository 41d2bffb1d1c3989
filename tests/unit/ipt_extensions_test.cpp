// Byte for byte what iptables 1.8.9 hands to the kernel.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "base/text.h"
#include "iptables/extensions.h"

namespace cni::ipt {
namespace {

Ip ip(const char* text) {
    return Ip::parse(text).value();
}

Bytes hex(std::string_view text) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(parse_int<std::uint8_t>(text.substr(i, 2), 16).value());
    return out;
}

/// `text` and zeros up to the size.
Bytes hex(std::string_view text, std::size_t size) {
    Bytes out = hex(text);
    out.resize(size);
    return out;
}

void expect(const Extension& extension, const char* name, int revision, const Bytes& data) {
    EXPECT_EQ(extension.name, name);
    EXPECT_EQ(extension.revision, revision) << name;
    EXPECT_EQ(extension.data, data) << name;
}

TEST(IptExtensions, Matches) {
    expect(comment("ab"), "comment", 0, hex("6162", 256));
    expect(destination_port(IPPROTO_TCP, 0x1f90), "tcp", 0, hex("0000ffff901f901f00000000"));
    expect(destination_port(IPPROTO_UDP, 53), "udp", 0, hex("0000ffff350035000000"));
    Bytes sctp = hex("921f921f", 292);
    sctp[268] = sctp[271] = sctp[274] = sctp[277] = 0xff;  // of the four flags: no chunk
    sctp[284] = 2;
    expect(destination_port(IPPROTO_SCTP, 8082), "sctp", 0, sctp);
    expect(destination_ports({80, 0x1f90}), "multiport", 1, hex("01025000901f", 48));
    expect(mark(0x2000, 0xff00), "mark", 1, hex("0020000000ff0000", 12));
    expect(mark(1, ~0u, true), "mark", 1, hex("01000000ffffffff01", 12));
    expect(address_types({}, {1 << 2}), "addrtype", 1, hex("0000040000000000"));
    expect(address_types({1 << 3, true}, {1 << 2, true}), "addrtype", 1, hex("0800040003000000"));
}

TEST(IptExtensions, Targets) {
    expect(set_mark(0x2000, 0x2000), "MARK", 2, hex("0020000000200000"));
    expect(masquerade(Family::v4), "MASQUERADE", 0, hex("01000000", 20));
    expect(masquerade(Family::v6), "MASQUERADE", 0, Bytes(40));
    expect(dnat(ip("10.88.0.2"), 80), "DNAT", 2,
           hex("030000000a580002000000000000000000000000"
               "0a580002000000000000000000000000005000500000"
               "0000"));
}

TEST(IptExtensions, CommentsAreCut) {
    const Extension e = comment(std::string(300, 'x'));
    ASSERT_EQ(e.data.size(), 256u);
    EXPECT_EQ(e.data[254], 'x');
    EXPECT_EQ(e.data[255], 0);
}

TEST(IptExtensions, DestinationsAreReadBack) {
    const Endpoint v4{ip("10.88.0.2"), 80}, v6{ip("fd00::2"), 443};
    EXPECT_EQ(dnat_destination(dnat(v4.ip, v4.port), Family::v4), v4);
    EXPECT_EQ(dnat_destination(dnat(v6.ip, v6.port), Family::v6), v6);
    EXPECT_EQ(dnat_destination(masquerade(Family::v4), Family::v4), std::nullopt);
    EXPECT_EQ(dnat_destination({"DNAT", 2, {}}, Family::v4), std::nullopt);
    Extension range = dnat(v4.ip, v4.port);
    range.data[4 + 16 + 3] = 9;  // the last address
    EXPECT_EQ(dnat_destination(range, Family::v4), std::nullopt);
}

TEST(IptExtensions, DestinationsOfOlderVersionsAreReadBack) {
    const Endpoint v4{ip("10.88.0.2"), 80}, v6{ip("fd00::2"), 80};
    EXPECT_EQ(
        dnat_destination({"DNAT", 0, hex("01000000030000000a5800020a58000200500050")}, Family::v4),
        v4);
    EXPECT_EQ(dnat_destination({"DNAT", 1,
                                hex("03000000fd000000000000000000000000000002"
                                    "fd00000000000000000000000000000200500050")},
                               Family::v6),
              v6);
}

TEST(IptExtensions, PortsAreReadBack) {
    for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP})
        EXPECT_EQ(destination_port(destination_port(static_cast<std::uint8_t>(protocol), 8080)),
                  8080)
            << protocol;
    EXPECT_EQ(destination_port(comment("x")), std::nullopt);
    EXPECT_EQ(destination_port(Extension{"tcp", 0, {1, 2}}), std::nullopt);
    const std::vector<std::uint16_t> ports{80, 443, 8080};
    EXPECT_EQ(destination_ports(destination_ports(ports)), ports);
    EXPECT_EQ(destination_ports(mark(1, 1)), std::vector<std::uint16_t>{});
}

TEST(IptExtensions, OnlyWhatTestsTheOnePortIsADestinationPort) {
    Extension range = destination_port(IPPROTO_TCP, 80);
    range.data[6] = 81;  // the last port
    EXPECT_EQ(destination_port(range), std::nullopt);
    Extension inverted = destination_port(IPPROTO_UDP, 80);
    inverted.data[8] = 2;
    EXPECT_EQ(destination_port(inverted), std::nullopt);
    Extension source = destination_port(IPPROTO_TCP, 80);
    source.data[0] = 1;
    EXPECT_EQ(destination_port(source), std::nullopt);
}

TEST(IptExtensions, OnlyWhatTestsDestinationsIsAListOfDestinationPorts) {
    Extension either = destination_ports({80, 81});
    either.data[0] = 2;
    EXPECT_TRUE(destination_ports(either).empty());
    Extension too_many = destination_ports({80, 81});
    too_many.data[1] = 200;
    EXPECT_TRUE(destination_ports(too_many).empty());
}

}  // namespace
}  // namespace cni::ipt
