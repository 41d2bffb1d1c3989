#include "netfilter/nft_expr.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_nat.h>

#include "netfilter/nft_match.h"

namespace cni::nft {
namespace {

constexpr int expressions = NFTA_RULE_EXPRESSIONS;

Rule round_trip(const Rule& rule) {
    NlMessage message(0, 0);
    put_rule(message, expressions, rule);
    const NlAttributes<NFTA_RULE_MAX> attributes(message.raw(), 0);
    return parse_rule(attributes[expressions]);
}

TEST(NftExpr, IsEncodedAsNestsOfNameAndAttributes) {
    NlMessage message(0, 0);
    put_rule(message, expressions, rule(Meta{NFT_META_NFPROTO}, Cmp{Op::ne, {NFPROTO_IPV6}}));
    const Bytes expected{0x54, 0, 4, 0x80,  // NFTA_RULE_EXPRESSIONS
                         0x24, 0, 1, 0x80,  // NFTA_LIST_ELEM
                         9,    0, 1, 0,    'm', 'e', 't', 'a',
                         0,    0, 0, 0,                        // NFTA_EXPR_NAME, padded
                         0x14, 0, 2, 0x80,                     // NFTA_EXPR_DATA
                         8,    0, 2, 0,    0,   0,   0,   15,  // NFTA_META_KEY: nfproto
                         8,    0, 1, 0,    0,   0,   0,   1,   // NFTA_META_DREG: register 1
                         0x2c, 0, 1, 0x80,                     // NFTA_LIST_ELEM
                         8,    0, 1, 0,    'c', 'm', 'p', 0,   // NFTA_EXPR_NAME
                         0x20, 0, 2, 0x80,                     // NFTA_EXPR_DATA
                         8,    0, 1, 0,    0,   0,   0,   1,   // NFTA_CMP_SREG
                         8,    0, 2, 0,    0,   0,   0,   1,   // NFTA_CMP_OP: not equal
                         12,   0, 3, 0x80,                     // NFTA_CMP_DATA
                         5,    0, 1, 0,    10,  0,   0,   0};  // NFTA_DATA_VALUE, padded
    const auto bytes = message.bytes().subspan(NLMSG_HDRLEN);
    EXPECT_EQ(Bytes(bytes.begin(), bytes.end()), expected);
}

TEST(NftExpr, EveryKindIsReadBackAsItWas) {
    const std::vector<Expr> all{
        Meta{NFT_META_MARK, reg(1)},
        SetMeta{NFT_META_MARK, reg(2)},
        Ct{NFT_CT_STATE, reg(3)},
        Ct{NFT_CT_SRC_IP6, reg(4)},
        Payload{NFT_PAYLOAD_NETWORK_HEADER, 12, 16, reg(4)},
        Cmp{Op::ge, {1, 2, 3, 4}, reg(5)},
        Bitwise{{255, 255, 0, 0}, {0, 0, 0, 1}, reg(6), reg(7)},
        Lookup{"ports", reg(8), NFT_REG_VERDICT, false},
        Lookup{"ports", reg(8), {}, true},
        Immediate{{10, 0, 0, 1}, reg(9)},
        accept(),
        drop(),
        back(),
        jump("there"),
        go_to("elsewhere"),
        Counter{},
        Masquerade{},
        Masquerade{NF_NAT_RANGE_PROTO_RANDOM_FULLY},
        Nat{NFT_NAT_DNAT, NFPROTO_IPV4, reg(0), reg(4), NF_NAT_RANGE_PERSISTENT},
        Nat{NFT_NAT_SNAT, NFPROTO_IPV6, reg(0), {}, 0},
        Fib{NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE, reg(0)},
        XtMatch{"multiport", 1, {0, 1, 2, 80, 0, 81, 0, 0}},
        XtTarget{"MASQUERADE", 0, {1, 2, 3, 4, 5, 6, 7, 8}}};
    for (const Expr& expr : all) EXPECT_EQ(round_trip({expr}), Rule{expr}) << expr.index();
    EXPECT_EQ(round_trip(all), all);
}

TEST(NftExpr, UnknownExpressionsEqualNothing) {
    const Rule read = round_trip({Unknown{"quota"}});
    ASSERT_EQ(read.size(), 1u);
    ASSERT_TRUE(std::holds_alternative<Unknown>(read[0]));
    EXPECT_EQ(std::get<Unknown>(read[0]).name, "quota");
    EXPECT_FALSE(read == read);
    EXPECT_FALSE(equivalent(read, read));
}

TEST(NftExpr, FlagsThatTheKernelAddsToNatAreNoDifference) {
    const Nat wanted{NFT_NAT_DNAT, NFPROTO_IPV4, reg(0), reg(4), 0};
    Nat listed = wanted;
    listed.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
    EXPECT_EQ(round_trip({listed}), Rule{wanted});
}

TEST(NftExpr, TruncatedAttributesReadAsEmptyNotBeyondTheirEnd) {
    NlMessage message(0, 0);
    message.nest(expressions, [&] {
        message.nest(NFTA_LIST_ELEM, [&] {
            message.put_string(NFTA_EXPR_NAME, "cmp");
            message.nest(NFTA_EXPR_DATA, [&] { message.put_u8(NFTA_CMP_OP, 1); });
        });
    });
    const NlAttributes<NFTA_RULE_MAX> attributes(message.raw(), 0);
    EXPECT_EQ(parse_rule(attributes[expressions]), rule(Cmp{Op::eq, {}, 0}));
}

TEST(NftExpr, RegistersHaveTheNamesTheKernelListsThemBy) {
    EXPECT_EQ(reg(0), std::uint32_t{NFT_REG_1});
    EXPECT_EQ(reg(1), std::uint32_t{NFT_REG32_01});
    EXPECT_EQ(reg(4), std::uint32_t{NFT_REG_2});
    EXPECT_EQ(reg(15), std::uint32_t{NFT_REG32_15});
}

Rule masked_match(const Bytes& mask, Op op, const Bytes& value) {
    return rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 16, 4}, Bitwise{mask, Bytes(4)}, Cmp{op, value},
                drop());
}

TEST(NftExpr, AMaskOfWholeLeadingBytesIsEquivalentToAShortLoad) {
    const Rule masked = masked_match({255, 255, 255, 0}, Op::ne, {10, 1, 2, 0});
    const Rule shorter =
        rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 16, 3}, Cmp{Op::ne, {10, 1, 2}}, drop());
    EXPECT_TRUE(equivalent(masked, shorter));
    EXPECT_TRUE(equivalent(shorter, masked));
}

TEST(NftExpr, OtherMasksAndValuesAreNot) {
    const Rule shorter =
        rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 16, 3}, Cmp{Op::eq, {10, 1, 2}}, drop());
    EXPECT_FALSE(equivalent(masked_match({255, 255, 254, 0}, Op::eq, {10, 1, 2, 0}), shorter));
    EXPECT_FALSE(equivalent(masked_match({0, 255, 255, 255}, Op::eq, {10, 1, 2, 0}), shorter));
    EXPECT_FALSE(equivalent(masked_match({255, 255, 255, 0}, Op::ne, {10, 1, 2, 0}), shorter));
    EXPECT_FALSE(equivalent(masked_match({255, 255, 255, 0}, Op::eq, {10, 1, 3, 0}), shorter));
    // No packet is like that.
    EXPECT_FALSE(equivalent(masked_match({255, 255, 255, 0}, Op::eq, {10, 1, 2, 5}), shorter));
}

}  // namespace
}  // namespace cni::nft
