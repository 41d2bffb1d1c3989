// Jumps found by the chain they lead to, whatever else is in the chain they are in.
#include <gtest/gtest.h>

#include "iptables/table.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::ipt {
namespace {

using test::output_of;

const std::string postrouting = "POSTROUTING";

class IptJumps : public test::SandboxTest, public ::testing::WithParamInterface<Flavour> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        connection_.emplace();
        shell("$t -A POSTROUTING -s 192.0.2.1 -j ACCEPT; $t -A POSTROUTING -s 192.0.2.2 -j ACCEPT");
    }
    static const char* program() {
        return GetParam() == Flavour::legacy ? "iptables-legacy" : "iptables-nft";
    }
    /// $t is the program with its table.
    static void shell(const std::string& commands) {
        output_of({"sh", "-c", cat("set -e; t='", program(), " -t nat'; ", commands)});
    }
    static std::string shown() { return output_of({program(), "-t", "nat", "-S", postrouting}); }
    void change(const std::function<void(Table&)>& body) {
        ipt::change(*connection_, GetParam(), {Family::v4, TableName::nat}, body);
    }

    static Rule jump(const char* source, const std::string& chain) {
        return rule([&](Rule& r) {
            r.source = {prefix(source)};
            r.target = Jump{chain};
        });
    }
    /// A chain with a rule in it, and jumps to it.
    void make(const std::string& chain, std::initializer_list<const char*> sources) {
        change([&](Table& table) {
            table.ensure_chain(chain);
            table.append(chain, rule([](Rule& r) { r.target = Verdict::accept; }));
            for (const char* source : sources) table.append(postrouting, jump(source, chain));
        });
    }
    std::vector<Rule> jumps(const std::string& chain) {
        std::vector<Rule> out;
        change([&](Table& table) { out = table.jumps(postrouting, chain); });
        return out;
    }
    /// Found wherever the kernel has them: right behind their chain, elsewhere, in several places.
    void expect_found() {
        const auto all = [](const Rule&) { return true; };
        EXPECT_EQ(jumps("A"), (std::vector{jump("10.0.0.1/32", "A"), jump("10.0.0.2/32", "A")}));
        EXPECT_EQ(jumps("B"), std::vector{jump("10.0.0.3/32", "B")});
        EXPECT_EQ(jumps("C"), std::vector<Rule>{});
        change([&](Table& table) {
            EXPECT_TRUE(table.has_rule(postrouting, jump("10.0.0.2/32", "A")));
            EXPECT_FALSE(table.has_rule(postrouting, jump("10.0.0.3/32", "A")));
            const Rule first = jump("10.0.0.1/32", "A");
            EXPECT_EQ(
                table.remove_jumps(postrouting, "A", [&](const Rule& r) { return r == first; }),
                1u);
            EXPECT_EQ(table.jumps(postrouting, "A"), std::vector{jump("10.0.0.2/32", "A")});
            EXPECT_FALSE(table.has_rule(postrouting, first));
            table.append(postrouting, jump("10.0.0.4/32", "A"));
            EXPECT_EQ(table.jumps(postrouting, "A").size(), 2u);
            EXPECT_EQ(table.remove_jumps(postrouting, "A", all), 2u);
            EXPECT_EQ(table.jumps(postrouting, "A").size(), 0u);
            table.remove_chain("A");
            EXPECT_EQ(table.rules(postrouting).size(), 3u);
        });
        EXPECT_EQ(shown().find("-j A\n"), std::string::npos) << shown();
        EXPECT_NE(shown().find("-j B\n"), std::string::npos) << shown();
        EXPECT_NE(shown().find("192.0.2.2"), std::string::npos) << shown();
    }

private:
    std::optional<nft::Connection> connection_;
};

INSTANTIATE_TEST_SUITE_P(Flavours, IptJumps, ::testing::Values(Flavour::nf_tables, Flavour::legacy),
                         [](const auto& test) {
                             return std::string(test.param == Flavour::legacy ? "legacy" : "nft");
                         });

TEST_P(IptJumps, RightBehindTheirChain) {
    make("A", {"10.0.0.1/32", "10.0.0.2/32"});
    make("B", {"10.0.0.3/32"});
    expect_found();
}

TEST_P(IptJumps, RestoredInAnotherOrder) {
    make("A", {"10.0.0.1/32", "10.0.0.2/32"});
    make("B", {"10.0.0.3/32"});
    shell(cat("for i in $(seq 20); do $t -N F$i; done; ", program(), "-save > /run/saved; ",
              program(), "-restore < /run/saved"));
    expect_found();
}

TEST_P(IptJumps, MadeAtDifferentTimes) {
    make("A", {"10.0.0.1/32"});
    make("B", {"10.0.0.3/32"});
    shell("for i in $(seq 20); do $t -N F$i; done; $t -A POSTROUTING -s 10.0.0.2 -j A");
    expect_found();
}

TEST_P(IptJumps, OfAChainThatAnotherOneLeadsTo) {
    make("A", {"10.0.0.1/32", "10.0.0.2/32"});
    make("B", {"10.0.0.3/32"});
    shell("$t -A OUTPUT -s 10.0.0.9 -j B");
    EXPECT_EQ(jumps("B"), std::vector{jump("10.0.0.3/32", "B")});
    change([&](Table& table) {
        EXPECT_EQ(table.remove_jumps(postrouting, "B", [](const Rule&) { return true; }), 1u);
    });
    EXPECT_EQ(jumps("B"), std::vector<Rule>{});
    EXPECT_EQ(jumps("A").size(), 2u);
}

// Nobody but us sees it, and a rule of the same text is another one.
TEST_P(IptJumps, ASealTellsRulesOfOneTextApart) {
    const Seal seal{1, 2, 3};
    const auto with = [](const Extension& note) {
        return rule([&](Rule& r) {
            r.matches = {note};
            r.target = Verdict::accept;
        });
    };
    make("A", {});
    change([&](Table& table) { table.append("A", with(sealed_comment("mine", seal))); });
    shell("$t -A A -m comment --comment mine -j ACCEPT");
    change([&](Table& table) {
        const auto rules = table.rules("A");
        ASSERT_EQ(rules.size(), 3u);
        EXPECT_EQ(seal_of(rules[0]), std::nullopt);
        EXPECT_EQ(seal_of(rules[1]), seal);
        EXPECT_EQ(rules[1].comment(), "mine");
        EXPECT_EQ(rules[1], with(sealed_comment("mine", seal)));
        EXPECT_EQ(seal_of(rules[2]), std::nullopt);
        EXPECT_EQ(rules[2], with(comment("mine")));
    });
    const std::string listed = output_of({program(), "-t", "nat", "-S", "A"});
    const std::string line = "-A A -m comment --comment mine -j ACCEPT\n";
    EXPECT_EQ(listed, cat("-N A\n-A A -j ACCEPT\n", line, line));
    const std::string longest(255, 'x');
    EXPECT_EQ(seal_of(with(comment(longest))), std::nullopt);
    EXPECT_EQ(seal_of(with(sealed_comment(longest, seal))), seal);
}

}  // namespace
}  // namespace cni::ipt
