#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>

#include "netfilter/nft.h"

namespace cni::nft {
namespace {

const Table table{NFPROTO_INET, "t"};

template <int max>
NlAttributes<max> attributes(const Batch& batch, std::size_t index = 0) {
    return {batch.requests().at(index).message.raw(), sizeof(nfgenmsg)};
}

int type(const Batch& batch, std::size_t index = 0) {
    return batch.requests().at(index).message.raw()->nlmsg_type;
}

Bytes bytes(std::span<const std::uint8_t> span) {
    return {span.begin(), span.end()};
}

TEST(NftBatch, MessagesCarryTheFamilyOfTheirTable) {
    Batch batch;
    batch.delete_chain({NFPROTO_BRIDGE, "nat"}, "c");
    const auto* header =
        static_cast<const nfgenmsg*>(nlmsg_data(batch.requests().front().message.raw()));
    EXPECT_EQ(header->nfgen_family, NFPROTO_BRIDGE);
    EXPECT_EQ(type(batch), NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELCHAIN);
}

TEST(NftBatch, CommentsAreTypeLengthAndTerminatedText) {
    Batch batch;
    batch.add_rule(table, "c", {}, "abc").add_table(table, "abc").add_chain(table, "c", {}, "abc");
    batch.add_set(table,
                  {.name = "s", .key_type = type_inet_proto, .key_length = 1, .comment = "abc"});
    batch.add_element(table, "s", {.key = {1, 2, 3, 4}, .comment = "abc"});
    const Bytes comment{0, 4, 'a', 'b', 'c', 0}, comment_of_set{7, 4, 'a', 'b', 'c', 0};
    EXPECT_EQ(bytes(attributes<NFTA_RULE_MAX>(batch, 0).bytes(NFTA_RULE_USERDATA)), comment);
    EXPECT_EQ(bytes(attributes<NFTA_TABLE_MAX>(batch, 1).bytes(NFTA_TABLE_USERDATA)), comment);
    EXPECT_EQ(bytes(attributes<NFTA_CHAIN_MAX>(batch, 2).bytes(NFTA_CHAIN_USERDATA)), comment);
    EXPECT_EQ(bytes(attributes<NFTA_SET_MAX>(batch, 3).bytes(NFTA_SET_USERDATA)), comment_of_set);
}

TEST(NftBatch, KnowsWhetherItDeletesSomething) {
    Batch batch;
    batch.add_table(table).add_chain(table, "c").add_rule(table, "c", {});
    batch.create_elements(table, "s", {{.key = {1, 2, 3, 4}}});
    EXPECT_FALSE(batch.deletes());
    EXPECT_TRUE(Batch().delete_table(table).deletes());
    EXPECT_TRUE(Batch().delete_chain(table, "c").deletes());
    EXPECT_TRUE(Batch().flush_chain(table, "c").deletes());
    EXPECT_TRUE(Batch().delete_rule(table, "c", 1).deletes());
    EXPECT_TRUE(Batch().delete_set(table, "s").deletes());
    EXPECT_TRUE(Batch().flush_set(table, "s").deletes());
    EXPECT_TRUE(Batch().delete_element(table, "s", {1, 2, 3, 4}).deletes());
}

TEST(NftBatch, RefusesACommentTheKernelHasNoRoomFor) {
    Batch batch;
    EXPECT_NO_THROW(batch.add_rule(table, "c", {}, std::string(comment_max, 'x')));
    EXPECT_THROW(batch.add_rule(table, "c", {}, std::string(comment_max + 1, 'x')), Error);
}

TEST(NftBatch, BaseChainNamesItsHook) {
    Batch batch;
    batch.add_chain(table, "c",
                    Hook{.type = "nat", .number = 4, .priority = -100, .policy = NF_DROP});
    const auto chain = attributes<NFTA_CHAIN_MAX>(batch);
    const NlAttributes<NFTA_HOOK_MAX> hook(chain[NFTA_CHAIN_HOOK]);
    EXPECT_EQ(chain.string(NFTA_CHAIN_TYPE), "nat");
    EXPECT_EQ(bytes(hook.bytes(NFTA_HOOK_PRIORITY)), (Bytes{0xff, 0xff, 0xff, 0x9c}));
    EXPECT_EQ(bytes(chain.bytes(NFTA_CHAIN_POLICY)), (Bytes{0, 0, 0, NF_DROP}));
}

TEST(NftBatch, DeletionOfARuleHoldsItsHandleAndFlushingNone) {
    Batch batch;
    batch.delete_rule(table, "c", 0x102).flush_chain(table, "c");
    EXPECT_EQ(bytes(attributes<NFTA_RULE_MAX>(batch, 0).bytes(NFTA_RULE_HANDLE)),
              (Bytes{0, 0, 0, 0, 0, 0, 1, 2}));
    EXPECT_FALSE((attributes<NFTA_RULE_MAX>(batch, 1)[NFTA_RULE_HANDLE]));
    EXPECT_EQ(type(batch, 0), type(batch, 1));
}

TEST(NftBatch, ConcatenatedKeysStartEachFieldOnAWord) {
    EXPECT_EQ(concatenated({type_inet_proto, type_inet_service}), 0x30du);
    EXPECT_EQ(concatenated_key({{6}, {0x1f, 0x90}, {10, 0, 0, 1}}),
              (Bytes{6, 0, 0, 0, 0x1f, 0x90, 0, 0, 10, 0, 0, 1}));
}

TEST(NftBatch, WhatIsMissingIsToleratedUntilInsistedOn) {
    Batch batch;
    batch.flush_chain(table, "c").delete_table(table);
    for (const NlRequest& r : batch.requests()) EXPECT_EQ(r.tolerated, ENOENT);
    batch.insist();
    for (const NlRequest& r : batch.requests()) EXPECT_EQ(r.tolerated, 0);
}

TEST(NftBatch, MessagesNameTheObjectAndItsTable) {
    Batch batch;
    batch.add_rule(table, "c", {});
    EXPECT_EQ(batch.requests().front().act, "add a rule to chain c of nftables table inet t");
}

}  // namespace
}  // namespace cni::nft
