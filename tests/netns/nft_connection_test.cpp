// The nf_tables layer against the kernel, and against what the nft program reads in it.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <linux/netfilter_ipv4.h>

#include "netfilter/nft.h"
#include "netfilter/nft_match.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::nft {
namespace {

using test::output_of;

const Table table{NFPROTO_IPV4, "t"};

std::string ruleset() {
    return output_of({"nft", "list", "ruleset"});
}

class NftConnection : public test::SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) connection_.emplace();
    }
    Connection& connection() { return *connection_; }
    /// Table t with chain c, and a rule for each comment.
    void make_chain(std::initializer_list<const char*> comments) {
        Batch batch;
        batch.add_table(table).add_chain(table, "c");
        for (const char* comment : comments) batch.add_rule(table, "c", {accept()}, comment);
        connection().commit(std::move(batch));
    }
    std::vector<std::string> comments() {
        std::vector<std::string> out;
        for (const auto& rule : connection().rules(table, "c")) out.push_back(rule.comment);
        return out;
    }

private:
    std::optional<Connection> connection_;
};

using Strings = std::vector<std::string>;

Connection::CommentFilter is(std::string wanted) {
    return [wanted = std::move(wanted)](std::string_view comment) { return comment == wanted; };
}

TEST_F(NftConnection, ATargetThatComesAfterItsJumpIsMissing) {
    Batch batch;
    batch.add_table(table).add_chain(table, "c").add_rule(table, "c", {jump("d")});
    batch.add_chain(table, "d");
    EXPECT_EQ(connection().try_commit(std::move(batch)), Outcome::missing);
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftConnection, NftListsEveryKindOfRuleInItsOwnWords) {
    Batch batch;
    batch.add_table(table, "a table").add_chain(table, "d").add_chain(table, "c", {}, "a chain");
    batch.add_chain(table, "pre", Hook{"nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST});
    batch.add_rule(table, "pre", rule(destination_is_local(), Counter{}, jump("c")));
    const Ip container = Ip::parse("10.88.0.2").value(), host = Ip::parse("10.1.2.3").value();
    batch.add_rule(
        table, "c",
        rule(protocol_is(IPPROTO_TCP), port(Side::destination, Op::eq, 8080), dnat(container, 80)),
        "ctr-aaaa");
    batch.add_rule(
        table, "c",
        rule(address(Side::destination, Op::eq, Prefix::host(host)), protocol_is(IPPROTO_UDP),
             port(Side::source, Op::ne, 53), dnat(container, 0)));
    batch.add_rule(table, "c",
                   rule(input_interface("eth0"), Meta{NFT_META_MARK},
                        Bitwise{{0xff, 0xdf, 0xff, 0xff}, {0, 0x20, 0, 0}}, SetMeta{NFT_META_MARK},
                        go_to("d")));
    batch.add_rule(table, "d", rule(Ct{NFT_CT_MARK}, Cmp{Op::eq, {5, 0, 0, 0}}, drop()));
    connection().commit(std::move(batch));
    EXPECT_EQ(ruleset(), R"(table ip t {
	comment "a table"
	chain d {
		ct mark 0x00000005 drop
	}

	chain c {
		comment "a chain"
		tcp dport 8080 dnat to 10.88.0.2:80 comment "ctr-aaaa"
		ip daddr 10.1.2.3 udp sport != 53 dnat to 10.88.0.2
		iifname "eth0" meta mark set meta mark | 0x00002000 goto d
	}

	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local counter packets 0 bytes 0 jump c
	}
}
)");
}

TEST_F(NftConnection, RulesAreReadBackAsTheyWereAdded) {
    const Rule wanted = rule(protocol_is(IPPROTO_TCP), port(Side::destination, Op::eq, 8080),
                             Counter{}, dnat(Ip::parse("10.88.0.2").value(), 80));
    Batch batch;
    batch.add_table(table).add_chain(table, "c").add_rule(table, "c", wanted, "x");
    batch.add_chain(table, "pre", Hook{"nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST});
    batch.add_rule(table, "pre", rule(jump("c")));
    connection().commit(std::move(batch));
    const auto listed = connection().rules(table, "c");
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].rule, wanted);
    EXPECT_EQ(listed[0].comment, "x");
    const auto found = connection().find_rule(table, "c", listed[0].handle);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->rule, wanted);
}

TEST_F(NftConnection, RulesOfNftAreReadAsOurs) {
    output_of({"nft", "-f", "-"},
              "add table ip t; add chain ip t c; add rule ip t c ip daddr "
              "10.1.0.0/16 counter accept comment \"x\"; add rule ip t c limit "
              "rate 1/second drop");
    const auto listed = connection().rules(table, "c");
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].rule,
              rule(address(Side::destination, Op::eq, Prefix::parse("10.1.0.0/16").value()),
                   Counter{}, accept()));
    ASSERT_EQ(listed[1].rule.size(), 2u);
    EXPECT_EQ(std::get<Unknown>(listed[1].rule[0]).name, "limit");
}

TEST_F(NftConnection, ListsOnlyTheChainAskedFor) {
    make_chain({"a", "b", "c"});
    Batch batch;
    batch.add_chain(table, "other").add_rule(table, "other", {accept()}, "b");
    connection().commit(std::move(batch));
    EXPECT_EQ(comments(), (Strings{"a", "b", "c"}));
    ASSERT_EQ(connection().rules(table, "c", is("b")).size(), 1u);
}

TEST_F(NftConnection, FindsWhatExistsAndNothingElse) {
    EXPECT_FALSE(connection().has_table(table));
    EXPECT_FALSE(connection().find_chain(table, "c"));
    EXPECT_TRUE(connection().rules(table, "c").empty());
    EXPECT_TRUE(connection().elements(table, "s").empty());
    make_chain({"a"});
    const Hook hook{"nat", NF_INET_POST_ROUTING, 150, NF_DROP};
    Batch batch;
    batch.add_chain(table, "base", hook).add_rule(table, "base", {jump("c")});
    connection().commit(std::move(batch));
    EXPECT_TRUE(connection().has_table(table));
    EXPECT_FALSE(connection().has_table({NFPROTO_IPV6, "t"}));
    EXPECT_FALSE(connection().find_chain(table, "d"));
    EXPECT_FALSE(connection().find_chain(table, "c")->hook);
    EXPECT_EQ(connection().find_chain(table, "c")->uses, 2u);
    EXPECT_EQ(connection().find_chain(table, "base")->hook, hook);
    EXPECT_TRUE(connection().rules(table, "d").empty());
    EXPECT_FALSE(connection().find_rule(table, "c", 4711));
    EXPECT_FALSE(connection().find_element(table, "s", {1}));
}

TEST_F(NftConnection, ABatchIsDoneWholeOrNotAtAll) {
    make_chain({"a"});
    Batch batch;
    batch.add_rule(table, "c", {accept()}, "b").add_chain(table, "d");
    batch.add_rule(table, "c", {jump("nowhere")});
    try {
        connection().commit(std::move(batch));
        FAIL() << "committed";
    } catch (const NlError& error) {
        EXPECT_EQ(error.error, ENOENT);
        EXPECT_EQ(error.msg,
                  "add a rule to chain c of nftables table ip t: No such file or directory");
    }
    EXPECT_EQ(comments(), Strings{"a"});
    EXPECT_FALSE(connection().find_chain(table, "d"));
}

TEST_F(NftConnection, GenerationGuardsABatch) {
    make_chain({});
    const auto before = connection().generation();
    ASSERT_TRUE(before);
    const auto batch = [] {
        Batch out;
        out.add_rule(table, "c", {accept()}, "late");
        return out;
    };
    EXPECT_EQ(connection().try_commit(batch(), before), Outcome::done);
    EXPECT_EQ(connection().try_commit(batch(), before), Outcome::changed);
    EXPECT_EQ(comments(), Strings{"late"});
    EXPECT_NE(connection().generation(), before);
}

TEST_F(NftConnection, ARehearsalSaysWhyAndDoesNothing) {
    Batch good;
    good.add_table(table).add_chain(table, "c");
    EXPECT_EQ(connection().rehearse(std::move(good)), std::nullopt);
    Batch bad;
    bad.add_table(table).add_rule(table, "c", {accept()});
    EXPECT_EQ(connection().rehearse(std::move(bad)),
              "add a rule to chain c of nftables table ip t: No such file or directory");
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftConnection, DeletesTheRulesChosenAndAddsInTheSameBatch) {
    make_chain({"a", "b", "a", "c"});
    const auto also = [](Batch& batch) { batch.add_rule(table, "c", {accept()}, "new"); };
    EXPECT_EQ(delete_rules(connection(), table, "c", is("a"), also), 2u);
    EXPECT_EQ(comments(), (Strings{"b", "c", "new"}));
    EXPECT_EQ(delete_rules(connection(), table, "c", is("a")), 0u);
}

TEST_F(NftConnection, AHandleOfARemadeTableDeletesNobodysRule) {
    make_chain({"ours"});
    const auto handle = connection().rules(table, "c").front().handle;
    Connection somebody;
    int calls = 0;
    const auto remake = [&](Batch&) {
        if (++calls > 1) return;
        Batch batch;
        batch.delete_table(table).add_table(table).add_chain(table, "c");
        batch.add_rule(table, "c", {accept()}, "theirs");
        somebody.commit(std::move(batch));
    };
    EXPECT_EQ(delete_rules(connection(), table, "c", is("ours"), remake), 0u);
    EXPECT_EQ(comments(), Strings{"theirs"});
    EXPECT_EQ(connection().rules(table, "c").front().handle, handle);
    EXPECT_EQ(calls, 2);
}

TEST_F(NftConnection, GuessedHandlesAreCheckedFirst) {
    make_chain({"ours", "theirs"});
    const auto listed = connection().rules(table, "c");
    EXPECT_EQ(delete_rules(connection(), table, "c", is("ours"), {listed[1].handle, 4711}), 0u);
    EXPECT_EQ(delete_rules(connection(), table, "c", is("ours"), {listed[0].handle}), 1u);
    EXPECT_EQ(comments(), Strings{"theirs"});
}

TEST_F(NftConnection, WhatIsMissingEachTimeIsAnErrorInTheEnd) {
    make_chain({"ours"});
    const auto also = [](Batch& batch) { batch.delete_chain(table, "nowhere"); };
    EXPECT_THROW(delete_rules(connection(), table, "c", is("ours"), also), NlError);
    EXPECT_EQ(comments(), Strings{"ours"});
}

TEST_F(NftConnection, MapsWithConcatenatedKeysHoldVerdictsAndComments) {
    make_chain({});
    const Bytes tcp80 = concatenated_key({{IPPROTO_TCP}, {0, 80}});
    const Bytes udp53 = concatenated_key({{IPPROTO_UDP}, {0, 53}});
    Batch batch;
    batch.add_set(table, {.name = "m",
                          .key_type = concatenated({type_inet_proto, type_inet_service}),
                          .key_length = 8,
                          .data_type = NFT_DATA_VERDICT,
                          .comment = "ports"});
    batch.add_element(table, "m", {tcp80, jump("c"), "ctr-aaaa"});
    batch.add_chain(table, "pre", Hook{"filter", NF_INET_PRE_ROUTING, 0});
    batch.add_rule(table, "pre",
                   rule(Meta{NFT_META_L4PROTO}, Payload{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg(1)},
                        Lookup{"m", reg(0), NFT_REG_VERDICT}));
    connection().commit(std::move(batch));
    EXPECT_EQ(output_of({"nft", "list", "map", "ip", "t", "m"}), R"(table ip t {
	map m {
		type inet_proto . inet_service : verdict
		comment "ports"
		elements = { tcp . 80 comment "ctr-aaaa" : jump c }
	}
}
)");
    EXPECT_NE(ruleset().find("meta l4proto . th dport vmap @m"), std::string::npos) << ruleset();
    EXPECT_EQ(connection().find_element(table, "m", tcp80),
              (Element{tcp80, jump("c"), "ctr-aaaa"}));
    EXPECT_FALSE(connection().find_element(table, "m", concatenated_key({{IPPROTO_TCP}, {0, 81}})));
    Batch change;
    change.add_element(table, "m", {udp53, drop()}).delete_element(table, "m", tcp80);
    connection().commit(std::move(change));
    EXPECT_EQ(connection().elements(table, "m"), (std::vector<Element>{{udp53, drop()}}));
}

TEST_F(NftConnection, MapsHoldData) {
    make_chain({});
    Batch batch;
    batch.add_set(table, {.name = "m",
                          .key_type = type_inet_service,
                          .key_length = 2,
                          .data_type = concatenated({type_ipv4_addr, type_inet_service}),
                          .data_length = 8});
    const Element element{{0, 80}, concatenated_key({{10, 0, 0, 1}, {0x1f, 0x90}}), "x"};
    batch.add_element(table, "m", element);
    connection().commit(std::move(batch));
    EXPECT_NE(ruleset().find("elements = { 80 comment \"x\" : 10.0.0.1 . 8080 }"),
              std::string::npos)
        << ruleset();
    EXPECT_EQ(connection().elements(table, "m"), std::vector<Element>{element});
}

TEST_F(NftConnection, SetsAreFilledLookedUpFlushedAndDeleted) {
    make_chain({});
    Batch batch;
    batch.add_set(table, {.name = "s", .key_type = type_ipv4_addr, .key_length = 4});
    for (std::uint8_t i = 1; i <= 3; ++i) batch.add_element(table, "s", {{10, 0, 0, i}});
    batch.add_rule(table, "c",
                   rule(Payload{NFT_PAYLOAD_NETWORK_HEADER, 12, 4},
                        Lookup{.set = "s", .inverted = true}, drop()));
    connection().commit(std::move(batch));
    EXPECT_NE(ruleset().find("ip saddr != @s drop"), std::string::npos) << ruleset();
    EXPECT_EQ(connection().elements(table, "s").size(), 3u);

    Batch clean;
    clean.flush_chain(table, "c").flush_set(table, "s");
    connection().commit(std::move(clean));
    EXPECT_TRUE(connection().elements(table, "s").empty());
    Batch removal;
    removal.delete_set(table, "s").delete_chain(table, "c").delete_table(table);
    connection().commit(std::move(removal));
    EXPECT_EQ(ruleset(), "");
}

// As much as needs many times the pieces that sendmsg(2) takes, and the buffers of a socket.
TEST_F(NftConnection, ABatchMayHaveAnyNumberOfMessages) {
    constexpr int rules = 10'000;
    Batch batch;
    batch.add_table(table).add_chain(table, "c");
    for (int i = 0; i < rules; ++i) batch.add_rule(table, "c", {accept()}, cat("rule ", i));
    const auto generation = connection().generation();
    EXPECT_EQ(connection().try_commit(std::move(batch), generation), Outcome::done);
    const auto listed = comments();
    ASSERT_EQ(listed.size(), std::size_t{rules});
    EXPECT_EQ(listed.back(), "rule 9999");
    EXPECT_EQ(delete_rules(connection(), table, "c", [](std::string_view) { return true; }),
              std::size_t{rules});
}

TEST_F(NftConnection, TheFirstOfAnyNumberOfFailuresCounts) {
    make_chain({"there"});
    const auto batch = [] {
        Batch out;
        out.add_chain(table, "d");
        for (std::uint64_t i = 0; i < 4000; ++i) out.delete_rule(table, "c", 100'000 + i);
        return out;
    };
    EXPECT_EQ(connection().try_commit(batch()), Outcome::missing);
    EXPECT_THROW(connection().commit(batch()), NlError);
    EXPECT_EQ(comments(), Strings{"there"});
    EXPECT_FALSE(connection().find_chain(table, "d"));
}

TEST_F(NftConnection, ReadsChainsLongerThanOneAnswer) {
    Batch batch;
    batch.add_table(table).add_chain(table, "c");
    constexpr int rules = 900;
    for (int i = 0; i < rules; ++i) batch.add_rule(table, "c", {accept()}, cat("rule ", i));
    connection().commit(std::move(batch));
    const auto listed = comments();
    ASSERT_EQ(listed.size(), std::size_t{rules});
    EXPECT_EQ(listed.back(), "rule 899");
}

}  // namespace
}  // namespace cni::nft
