#include "netfilter/nft_match.h"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

namespace cni::nft {
namespace {

Prefix prefix(const char* text) {
    return Prefix::parse(text).value();
}

TEST(NftMatch, PrefixOfWholeBytesIsALoadOfThoseBytes) {
    EXPECT_EQ(address(Side::source, Op::eq, prefix("10.1.2.3/32")),
              rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 12, 4}, Cmp{Op::eq, {10, 1, 2, 3}}));
    EXPECT_EQ(address(Side::destination, Op::ne, prefix("10.1.2.3/16")),
              rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 16, 2}, Cmp{Op::ne, {10, 1}}));
    EXPECT_EQ(address(Side::destination, Op::eq, prefix("ff00::/8")),
              rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 24, 1}, Cmp{Op::eq, {0xff}}));
}

TEST(NftMatch, AnyOtherPrefixIsMaskedAndComparedWithoutItsHostBits) {
    EXPECT_EQ(address(Side::source, Op::eq, prefix("10.1.3.9/23")),
              rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 12, 4},
                   Bitwise{{255, 255, 254, 0}, Bytes(4)}, Cmp{Op::eq, {10, 1, 2, 0}}));
    EXPECT_EQ(address(Side::source, Op::ne, prefix("0.0.0.0/0")),
              rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 12, 4}, Bitwise{Bytes(4), Bytes(4)},
                   Cmp{Op::ne, Bytes(4)}));
    const Rule v6 = address(Side::source, Op::eq, prefix("2001:db8::1/33"));
    ASSERT_EQ(v6.size(), 3u);
    EXPECT_EQ(v6[0], Expr(Payload{NFT_PAYLOAD_NETWORK_HEADER, 8, 16}));
    EXPECT_EQ(std::get<Bitwise>(v6[1]).mask,
              (Bytes{255, 255, 255, 255, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(NftMatch, PortsAreInNetworkOrderAndOtherNumbersInHostOrder) {
    EXPECT_EQ(port(Side::destination, Op::eq, 8080),
              rule(Payload{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2}, Cmp{Op::eq, {0x1f, 0x90}}));
    const std::uint32_t local = RTN_LOCAL;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&local);
    EXPECT_EQ(destination_is_local(), rule(Fib{NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE},
                                           Cmp{Op::eq, {bytes, bytes + 4}}));
}

TEST(NftMatch, InterfaceNamesAreComparedWithTheirPadding) {
    const Rule match = input_interface("veth0");
    EXPECT_EQ(match[0], Expr(Meta{NFT_META_IIFNAME}));
    EXPECT_EQ(std::get<Cmp>(match[1]).data,
              (Bytes{'v', 'e', 't', 'h', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(NftMatch, DnatHoldsAddressAndPortInRegisters) {
    const Ip to = Ip::parse("10.0.0.2").value();
    EXPECT_EQ(dnat(to, 80), rule(Immediate{{10, 0, 0, 2}}, Immediate{{0, 80}, NFT_REG_2},
                                 Nat{NFT_NAT_DNAT, NFPROTO_IPV4, NFT_REG_1, NFT_REG_2}));
    EXPECT_EQ(dnat(to, 0),
              rule(Immediate{{10, 0, 0, 2}}, Nat{NFT_NAT_DNAT, NFPROTO_IPV4, NFT_REG_1}));
}

}  // namespace
}  // namespace cni::nft
