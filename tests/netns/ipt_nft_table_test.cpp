// Of iptables' tables in nf_tables alone: chains and rules that other programs made there.
#include "iptables/nft_table.h"
#include "netns/ipt_table_fixture.h"

namespace cni::ipt {
namespace {

class IptNftTable : public IptTableTest {
protected:
    IptNftTable() : IptTableTest(Flavour::nf_tables) {}
};

TEST_F(IptNftTable, OnlyTheFamilyThatIsChangedGetsATable) {
    ASSERT_FALSE(test::enter_sandbox());
    nft::Connection nft;
    change_nf_tables(nft, {Family::v6, TableName::nat},
                     [](Table& table) { table.ensure_chain("A"); });
    EXPECT_EQ(output_of({"nft", "list", "ruleset"}), "table ip6 nat {\n\tchain A {\n\t}\n}\n");
}

TEST_F(IptNftTable, WhatTheKernelRefusesIsAnErrorThatNamesIt) {
    iptables(Family::v4, {"-A", "A", "-j", "B"});
    const Error busy = test::thrown([&] { change([](Table& table) { table.remove_chain("B"); }); });
    EXPECT_NE(busy.msg.find("delete chain B of nftables table ip nat"), std::string::npos)
        << busy.msg;
    const Error missing =
        test::thrown([&] { change([](Table& table) { table.append("C", plain); }); });
    EXPECT_NE(missing.msg.find("chain C"), std::string::npos) << missing.msg;
    EXPECT_EQ(shown(Family::v4, "A"), Strings{"-j B"});
}

TEST_F(IptNftTable, ChainsThatIptablesWouldNotHookAreNotWrittenTo) {
    ASSERT_FALSE(test::enter_sandbox());
    nft::Connection nft;
    output_of({"nft",
               "add table ip nat; add chain ip nat POSTROUTING;"
               "add chain ip nat OUTPUT { type nat hook output priority 5; }"});
    for (const char* chain : {"POSTROUTING", "OUTPUT"}) {
        const Error error = test::thrown([&] {
            change_nf_tables(nft, {Family::v4, TableName::nat},
                             [&](Table& table) { table.append(chain, other); });
        });
        EXPECT_EQ(error.msg,
                  cat("chain ", chain, " of nftables table ip nat is not where iptables has it"));
    }
    change_nf_tables(nft, {Family::v4, TableName::nat}, [](Table& table) {
        EXPECT_EQ(table.remove("POSTROUTING", [](const Rule&) { return true; }), 0u);
    });
}

TEST_F(IptNftTable, ForeignRulesTellTheirJumpAndComment) {
    output_of({"nft",
               "add rule ip nat A ip ttl 3 jump B comment \"mine\";"
               "add rule ip nat A goto B;"
               "add rule ip nat A tcp sport 5 accept;"
               "add rule ip nat A ip saddr 10.0.0.1 counter jump B"});
    change([](Table& table) {
        const auto rules = table.rules("A");
        ASSERT_EQ(rules.size(), 4u);
        for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(rules[i].foreign) << i;
        EXPECT_TRUE(rules[0].jumps_to("B"));
        EXPECT_EQ(rules[0].comment(), "mine");
        EXPECT_TRUE(rules[1].jumps_to("B"));
        EXPECT_TRUE(rules[3] == plain);
        EXPECT_EQ(table.remove("A", [](const Rule& r) { return r.jumps_to("B"); }), 3u);
    });
}

TEST_F(IptNftTable, NativeExpressionsOfNewerVersionsAreUnderstood) {
    output_of({"nft",
               "add rule ip nat A ip daddr != 224.0.0.0/4 counter masquerade comment \"x\";"
               "add rule ip nat A tcp dport 8080 counter dnat to 10.0.0.9:80;"
               "add rule ip nat A meta mark and 0x3000 == 0x2000 counter return;"
               "add rule ip nat A iifname \"eth*\" oifname \"eth1\" accept;"
               "add rule ip nat A ip protocol udp drop"});
    change([](Table& table) {
        const auto rules = table.rules("A");
        ASSERT_EQ(rules.size(), 5u);
        for (const Rule& r : rules) EXPECT_FALSE(r.foreign);
        EXPECT_EQ(rules[0], rule([](Rule& r) {
                      r.destination = {prefix("224.0.0.0/4"), true};
                      r.matches = {comment("x")};
                      r.target = masquerade(Family::v4);
                  }));
        EXPECT_EQ(rules[1], rule([](Rule& r) {
                      r.protocol = {IPPROTO_TCP};
                      r.matches = {destination_port(IPPROTO_TCP, 8080)};
                      r.target = dnat(ip("10.0.0.9"), 80);
                  }));
        EXPECT_EQ(rules[2], rule([](Rule& r) {
                      r.matches = {mark(0x2000, 0x3000)};
                      r.target = Verdict::back;
                  }));
        EXPECT_EQ(rules[3], rule([](Rule& r) {
                      r.in = {"eth+"};
                      r.out = {"eth1"};
                      r.target = Verdict::accept;
                  }));
        EXPECT_EQ(rules[4], rule([](Rule& r) {
                      r.protocol = {IPPROTO_UDP};
                      r.target = Verdict::drop;
                  }));
    });
}

}  // namespace
}  // namespace cni::ipt
