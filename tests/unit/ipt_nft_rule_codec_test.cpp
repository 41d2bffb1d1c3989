// Rules that only a program with a liking for the unusual puts into iptables' tables.
#include <gtest/gtest.h>

#include "iptables/nft_rule_codec.h"

namespace cni::ipt {
namespace {

Rule read(const nft::Rule& expressions, Family family = Family::v4) {
    return from_nft({.handle = 1, .comment = {}, .rule = expressions}, family);
}

const nft::Payload v4_source{.base = NFT_PAYLOAD_NETWORK_HEADER, .offset = 12, .length = 4};
const nft::Cmp is_10_0_0_1{nft::Op::eq, {10, 0, 0, 1}};

TEST(IptNftRuleCodec, AMaskOfTheAddressIsAPrefix) {
    const Rule rule = read({v4_source, nft::Bitwise{{255, 0, 0, 0}, Bytes(4)}, is_10_0_0_1});
    EXPECT_FALSE(rule.foreign);
    EXPECT_EQ(rule.source->value, Prefix::parse("10.0.0.0/8"));
}

TEST(IptNftRuleCodec, MasksOfAnotherLengthAreForeign) {
    for (const std::size_t length : {1, 3, 5, 16}) {
        const nft::Bitwise mask{Bytes(length, 0xff), Bytes(length)};
        EXPECT_TRUE(read({v4_source, mask, is_10_0_0_1}).foreign) << length;
        EXPECT_TRUE(read({nft::Meta{NFT_META_MARK}, mask, is_10_0_0_1}).foreign) << length;
    }
}

TEST(IptNftRuleCodec, ValuesOfAnotherLengthAreForeign) {
    for (const std::size_t length : {0, 2, 3, 5, 16}) {
        const nft::Cmp value{nft::Op::eq, Bytes(length, 1)};
        EXPECT_TRUE(read({v4_source, value}).foreign) << length;
        EXPECT_TRUE(read({nft::Meta{NFT_META_MARK}, value}).foreign) << length;
        EXPECT_TRUE(read({nft::Meta{NFT_META_L4PROTO}, value}).foreign) << length;
    }
    EXPECT_TRUE(read({is_10_0_0_1}).foreign);
}

TEST(IptNftRuleCodec, NatWithoutItsConstantsIsForeign) {
    const nft::Nat nat{.type = NFT_NAT_DNAT, .family = NFPROTO_IPV4, .port_sreg = nft::reg(1)};
    EXPECT_TRUE(read({nat}).foreign);
    EXPECT_TRUE(read({nft::Immediate{{10, 0, 0, 1}}, nat}).foreign);
    const nft::Immediate port{{0, 80}, nft::reg(1)}, long_port{{0, 0, 0, 80}, nft::reg(1)};
    EXPECT_TRUE(read({nft::Immediate{{10, 0, 0, 1}}, long_port, nat}).foreign);
    EXPECT_TRUE(read({nft::Immediate{Bytes(16)}, port, nat}).foreign);
    EXPECT_FALSE(read({nft::Immediate{{10, 0, 0, 1}}, port, nat}).foreign);
}

}  // namespace
}  // namespace cni::ipt
