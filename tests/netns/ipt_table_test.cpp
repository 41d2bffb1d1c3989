// iptables' tables in both of its kernel interfaces: the iptables program and this one read and
// remove each other's rules.
#include <sys/wait.h>
#include <unistd.h>

#include "netns/ipt_table_fixture.h"

namespace cni::ipt {
namespace {

class IptTable : public IptTableTest, public ::testing::WithParamInterface<Flavour> {
protected:
    IptTable() : IptTableTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Flavours, IptTable, ::testing::Values(Flavour::nf_tables, Flavour::legacy),
                         [](const auto& test) {
                             return std::string(test.param == Flavour::legacy ? "legacy" : "nft");
                         });

TEST_P(IptTable, IptablesShowsAndFindsWhatIsWrittenHere) {
    for (const Sample& s : samples()) {
        change([&](Table& table) { table.append(s.chain, s.rule); }, s.family);
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{s.text});
        EXPECT_TRUE(succeeds(s.family, cat("-C ", s.chain, " ", s.text))) << s.text;
        EXPECT_TRUE(succeeds(s.family, cat("-D ", s.chain, " ", s.text))) << s.text;
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{});
    }
}

TEST_P(IptTable, WhatIptablesWritesIsReadAndRemovedHere) {
    for (const Sample& s : samples()) {
        ASSERT_TRUE(succeeds(s.family, cat("-A ", s.chain, " ", s.text))) << s.text;
        change(
            [&](Table& table) {
                const auto rules = table.rules(s.chain);
                ASSERT_EQ(rules.size(), 1u);
                EXPECT_TRUE(rules[0] == s.rule) << s.text;
                EXPECT_EQ(table.remove(s.chain, [&](const Rule& r) { return r == s.rule; }), 1u);
                EXPECT_TRUE(table.rules(s.chain).empty());
            },
            s.family);
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{}) << s.text;
    }
}

std::vector<Rule> rules_of(std::initializer_list<Rule> rules) {
    return rules;
}

TEST_P(IptTable, ReadsShowTheChangesMadeSoFar) {
    iptables(Family::v4, {"-A", "A", "-j", "RETURN"});
    const Rule there = rule([](Rule& r) { r.target = Verdict::back; });
    change([&](Table& table) {
        table.append("A", plain);
        table.prepend("A", other);
        EXPECT_EQ(table.rules("A"), rules_of({other, there, plain}));
        table.prepend("A", plain);
        EXPECT_EQ(table.rules("A"), rules_of({plain, other, there, plain}));
        EXPECT_EQ(table.remove("A", [](const Rule& r) { return r == plain; }), 2u);
        EXPECT_EQ(table.rules("A"), rules_of({other, there}));
        table.append("A", plain);
    });
    EXPECT_EQ(shown(Family::v4, "A"), (Strings{other_text, "-j RETURN", plain_text}));
}

TEST_P(IptTable, ChainsComeAndGo) {
    iptables(Family::v4, {"-A", "B", "-j", "RETURN"});
    change([&](Table& table) {
        EXPECT_TRUE(table.has_chain("B"));
        EXPECT_FALSE(table.has_chain("C"));
        EXPECT_TRUE(table.has_chain("POSTROUTING"));
        EXPECT_TRUE(table.rules("C").empty());
        table.ensure_chain("C");
        table.ensure_chain("B");
        EXPECT_TRUE(table.has_chain("C"));
        table.remove_chain("A");
        table.remove_chain("nobody's");
        EXPECT_FALSE(table.has_chain("A"));
        EXPECT_THAT(table.chains(), ::testing::UnorderedElementsAre("B", "C"));
        table.remove_chain("B");
        table.ensure_chain("B");
        EXPECT_TRUE(table.rules("B").empty());
        table.append("C", plain);
    });
    change([&](Table& table) {
        EXPECT_THAT(table.chains(), ::testing::UnorderedElementsAre("B", "C"));
    });
    EXPECT_EQ(shown(Family::v4, "B"), Strings{});
    EXPECT_EQ(shown(Family::v4, "C"), Strings{plain_text});
}

TEST_P(IptTable, BaseChainsAreMadeAsIptablesMakesThem) {
    const auto make_all = [&](const std::function<void(const char*)>& use) {
        for (const char* chain : {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}) use(chain);
        return output_of({"nft", "--stateless", "list", "ruleset"});
    };
    const std::string theirs = make_all([&](const char* chain) {
        for (const Family family : {Family::v4, Family::v6})
            iptables(family, {"-A", chain, "-j", "RETURN"});
    });
    ASSERT_FALSE(test::enter_sandbox());
    start();
    const std::string ours = make_all([&](const char* chain) {
        const Rule back = rule([](Rule& r) { r.target = Verdict::back; });
        for (const Family family : {Family::v4, Family::v6})
            change([&](Table& table) { table.append(chain, back); }, family);
    });
    EXPECT_EQ(ours, theirs);
}

TEST_P(IptTable, NothingIsMadeByReading) {
    ASSERT_FALSE(test::enter_sandbox());
    nft::Connection nft;
    for (const Family family : {Family::v4, Family::v6}) {
        EXPECT_FALSE(has_table(nft, flavour(), {family, TableName::nat}));
        EXPECT_EQ(problem(nft, flavour(), {family, TableName::nat}), std::nullopt);
        ipt::change(nft, flavour(), {family, TableName::nat}, [](Table& table) {
            EXPECT_TRUE(table.rules("POSTROUTING").empty());
            EXPECT_TRUE(table.chains().empty());
            EXPECT_EQ(table.remove("POSTROUTING", [](const Rule&) { return true; }), 0u);
            table.remove_chain("A");
        });
    }
    EXPECT_EQ(output_of({"nft", "list", "ruleset"}), "");
    for (const Family family : {Family::v4, Family::v6}) {
        ipt::change(nft, flavour(), {family, TableName::nat},
                    [](Table& table) { table.ensure_chain("A"); });
        EXPECT_TRUE(has_table(nft, flavour(), {family, TableName::nat}));
        EXPECT_EQ(problem(nft, flavour(), {family, TableName::nat}), std::nullopt);
        EXPECT_EQ(iptables(family, {"-S", "A"}), "-N A\n");
    }
}

TEST_P(IptTable, ABodyThatThrowsOrChangesNothingCommitsNothing) {
    const auto generation = connection().generation();
    change([](Table& table) { table.ensure_chain("A"); });
    const Error error = test::thrown([&] {
        change([](Table& table) {
            table.append("A", plain);
            throw Error(Code::internal, "stop");
        });
    });
    EXPECT_EQ(error.msg, "stop");
    EXPECT_EQ(connection().generation(), generation);
    EXPECT_EQ(shown(Family::v4, "A"), Strings{});
}

TEST_P(IptTable, TheBodyRunsAgainOnWhatOthersMadeMeanwhile) {
    int runs = 0;
    change([&](Table& table) {
        const std::size_t there = table.rules("A").size();
        if (runs++ < 3) append_without_lock("A -j RETURN");
        if (there < 5) table.append("A", plain);
    });
    EXPECT_EQ(runs, 4);
    EXPECT_EQ(shown(Family::v4, "A"), (Strings{"-j RETURN", "-j RETURN", "-j RETURN", plain_text}));
}

// Each child adds its rule to a chain of its own and to a shared one; those of odd numbers remove
// theirs again.
int child(Flavour flavour, int number) {
    try {
        nft::Connection nft;
        const std::string chain = cat("child-", number);
        const Rule jump = rule([&](Rule& r) {
            r.matches = {comment(chain)};
            r.target = Jump{chain};
        });
        const auto is_jump = [&](const Rule& r) { return r == jump; };
        for (int i = 0; i < 5; ++i) {
            change(nft, flavour, {Family::v4, TableName::nat}, [&](Table& table) {
                table.ensure_chain(chain);
                table.append(chain, plain);
                table.append("POSTROUTING", jump);
            });
            if (i == 4 && number % 2 == 0) return 0;
            change(nft, flavour, {Family::v4, TableName::nat}, [&](Table& table) {
                table.remove("POSTROUTING", is_jump);
                table.remove_chain(chain);
            });
        }
        return 0;
    } catch (const Error& error) {
        ::dprintf(STDERR_FILENO, "child %d: %s\n", number, error.what());
        return 1;
    }
}

TEST_P(IptTable, ConcurrentChangesLoseNobodysRules) {
    constexpr int children = 20;
    std::vector<pid_t> pids;
    for (int i = 0; i < children; ++i) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) ::_exit(child(flavour(), i));
        pids.push_back(pid);
    }
    int foreign = 0;
    for (std::size_t ended = 0; ended < pids.size();) {
        const std::string number = cat(foreign++);
        iptables(Family::v4, {"-w", "-A", "POSTROUTING", "-m", "comment", "--comment",
                              cat("foreign ", number), "-j", "RETURN"});
        output_of({"nft", cat("add table inet t", number)});
        int status = 0;
        while (ended < pids.size() && ::waitpid(pids[ended], &status, WNOHANG) == pids[ended]) {
            EXPECT_EQ(status, 0);
            ++ended;
        }
    }
    int jumps = 0, strangers = 0;
    for (const std::string& line : shown(Family::v4, "POSTROUTING")) {
        jumps += line.find("-j child-") != line.npos;
        strangers += line.find("foreign") != line.npos;
    }
    EXPECT_EQ(jumps, children / 2);
    EXPECT_EQ(strangers, foreign);
    for (int i = 0; i < children; ++i)
        EXPECT_EQ(shown(Family::v4, cat("child-", i)).size(), i % 2 == 0 ? 1u : 0u) << i;
}

}  // namespace
}  // namespace cni::ipt
