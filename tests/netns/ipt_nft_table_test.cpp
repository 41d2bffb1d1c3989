// iptables' tables in nf_tables: the iptables program and this one read and remove each other's
// rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iptables/nft_table.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::ipt {
namespace {

using test::output_of;
using test::run;

class IptNftTable : public test::SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) start();
    }
    void start() {
        connection_.emplace();
        for (const Family family : {Family::v4, Family::v6})
            for (const char* chain : {"A", "B"}) iptables(family, {"-N", chain});
    }

    void change(const std::function<void(Table&)>& body, Family family = Family::v4) {
        change_nf_tables(*connection_, {family, TableName::nat}, body);
    }
    nft::Connection& connection() { return *connection_; }

    static const char* program(Family family) {
        return family == Family::v4 ? "iptables-nft" : "ip6tables-nft";
    }
    static std::string iptables(Family family, std::vector<std::string> args) {
        args.insert(args.begin(), {program(family), "-t", "nat"});
        return output_of(args);
    }
    /// With a rule as iptables-save prints it.
    static bool succeeds(Family family, const std::string& command) {
        const std::string text = cat(program(family), " -t nat ", command);
        return run({.argv = {"sh", "-c", text}}).ok();
    }
    /// The rules of a chain, as iptables-save prints them.
    static std::vector<std::string> shown(Family family, const std::string& chain) {
        std::vector<std::string> out;
        const std::string text = output_of({cat(program(family), "-save"), "-t", "nat"});
        const std::string start = cat("-A ", chain, " ");
        for (const auto line : split(text, '\n'))
            if (line.starts_with(start)) out.emplace_back(line.substr(start.size()));
        return out;
    }

private:
    std::optional<nft::Connection> connection_;
};

TEST_F(IptNftTable, IptablesShowsAndFindsWhatIsWrittenHere) {
    for (const Sample& s : samples()) {
        change([&](Table& table) { table.append(s.chain, s.rule); }, s.family);
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{s.text});
        EXPECT_TRUE(succeeds(s.family, cat("-C ", s.chain, " ", s.text))) << s.text;
        EXPECT_TRUE(succeeds(s.family, cat("-D ", s.chain, " ", s.text))) << s.text;
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{});
    }
}

TEST_F(IptNftTable, WhatIptablesWritesIsReadAndRemovedHere) {
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

const Rule plain = rule([](Rule& r) {
    r.source = {prefix("10.0.0.1/32")};
    r.target = Jump{"B"};
});
const Rule other = rule([](Rule& r) {
    r.source = {prefix("10.0.0.2/32")};
    r.target = Verdict::accept;
});
constexpr char plain_text[] = "-s 10.0.0.1/32 -j B";
constexpr char other_text[] = "-s 10.0.0.2/32 -j ACCEPT";
using Strings = std::vector<std::string>;

std::vector<Rule> rules_of(std::initializer_list<Rule> rules) {
    return rules;
}

TEST_F(IptNftTable, ReadsShowTheChangesMadeSoFar) {
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

TEST_F(IptNftTable, ChainsComeAndGo) {
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

TEST_F(IptNftTable, BaseChainsAreMadeAsIptablesMakesThem) {
    const auto make_all = [&](const std::function<void(const char*)>& use) {
        for (const char* chain : {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}) use(chain);
        return output_of({"nft", "--stateless", "list", "ruleset"});
    };
    const std::string theirs = make_all([](const char* chain) {
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

TEST_F(IptNftTable, NothingIsMadeByReading) {
    ASSERT_FALSE(test::enter_sandbox());
    nft::Connection nft;
    for (const Family family : {Family::v4, Family::v6}) {
        EXPECT_FALSE(nf_tables_has_table(nft, {family, TableName::nat}));
        EXPECT_EQ(nf_tables_problem(nft, {family, TableName::nat}), std::nullopt);
        change_nf_tables(nft, {family, TableName::nat}, [](Table& table) {
            EXPECT_TRUE(table.rules("POSTROUTING").empty());
            EXPECT_TRUE(table.chains().empty());
            EXPECT_EQ(table.remove("POSTROUTING", [](const Rule&) { return true; }), 0u);
            table.remove_chain("A");
        });
    }
    EXPECT_EQ(output_of({"nft", "list", "ruleset"}), "");
    change_nf_tables(nft, {Family::v6, TableName::nat},
                     [](Table& table) { table.ensure_chain("A"); });
    EXPECT_TRUE(nf_tables_has_table(nft, {Family::v6, TableName::nat}));
    EXPECT_EQ(nf_tables_problem(nft, {Family::v6, TableName::nat}), std::nullopt);
    EXPECT_EQ(output_of({"nft", "list", "ruleset"}), "table ip6 nat {\n\tchain A {\n\t}\n}\n");
}

TEST_F(IptNftTable, ABodyThatThrowsOrChangesNothingCommitsNothing) {
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

TEST_F(IptNftTable, TheBodyRunsAgainOnWhatOthersMadeMeanwhile) {
    int runs = 0;
    change([&](Table& table) {
        const std::size_t there = table.rules("A").size();
        if (runs++ < 3) iptables(Family::v4, {"-A", "A", "-j", "RETURN"});
        if (there < 5) table.append("A", plain);
    });
    EXPECT_EQ(runs, 4);
    EXPECT_EQ(shown(Family::v4, "A"), (Strings{"-j RETURN", "-j RETURN", "-j RETURN", plain_text}));
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

// Each child adds its rule to a chain of its own and to a shared one; those of odd numbers remove
// theirs again.
int child(int number) {
    try {
        nft::Connection nft;
        const std::string chain = cat("child-", number);
        const Rule jump = rule([&](Rule& r) {
            r.matches = {comment(chain)};
            r.target = Jump{chain};
        });
        const auto is_jump = [&](const Rule& r) { return r == jump; };
        for (int i = 0; i < 5; ++i) {
            change_nf_tables(nft, {Family::v4, TableName::nat}, [&](Table& table) {
                table.ensure_chain(chain);
                table.append(chain, plain);
                table.append("POSTROUTING", jump);
            });
            if (i == 4 && number % 2 == 0) return 0;
            change_nf_tables(nft, {Family::v4, TableName::nat}, [&](Table& table) {
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

TEST_F(IptNftTable, ConcurrentChangesLoseNobodysRules) {
    constexpr int children = 20;
    std::vector<pid_t> pids;
    for (int i = 0; i < children; ++i) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) ::_exit(child(i));
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
