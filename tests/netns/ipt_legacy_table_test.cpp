// The legacy tables: the iptables program and this one read and remove each other's rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iptables/legacy_table.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::ipt {
namespace {

using test::output_of;
using test::run;

class IptLegacyTable : public test::SandboxTest {
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
        change_legacy({family, TableName::nat}, body);
    }
    nft::Connection& connection() { return *connection_; }

    static const char* program(Family family) {
        return family == Family::v4 ? "iptables-legacy" : "ip6tables-legacy";
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
    /// As programs do that do not know the lock.
    static void without_lock(const std::string& command) {
        output_of({"sh", "-c", cat("XTABLES_LOCKFILE=/run/another ", command)});
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

TEST_F(IptLegacyTable, IptablesShowsAndFindsWhatIsWrittenHere) {
    for (const Sample& s : samples()) {
        change([&](Table& table) { table.append(s.chain, s.rule); }, s.family);
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{s.text});
        EXPECT_TRUE(succeeds(s.family, cat("-C ", s.chain, " ", s.text))) << s.text;
        EXPECT_TRUE(succeeds(s.family, cat("-D ", s.chain, " ", s.text))) << s.text;
        EXPECT_EQ(shown(s.family, s.chain), std::vector<std::string>{});
    }
}

TEST_F(IptLegacyTable, WhatIptablesWritesIsReadAndRemovedHere) {
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

TEST_F(IptLegacyTable, ReadsShowTheChangesMadeSoFar) {
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

TEST_F(IptLegacyTable, ChainsComeAndGo) {
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

TEST_F(IptLegacyTable, BaseChainsAreMadeAsIptablesMakesThem) {
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

TEST_F(IptLegacyTable, NothingIsMadeByReading) {
    ASSERT_FALSE(test::enter_sandbox());
    nft::Connection nft;
    for (const Family family : {Family::v4, Family::v6}) {
        EXPECT_FALSE(legacy_has_table({family, TableName::nat}));
        EXPECT_EQ(legacy_problem({family, TableName::nat}), std::nullopt);
        change_legacy({family, TableName::nat}, [](Table& table) {
            EXPECT_TRUE(table.rules("POSTROUTING").empty());
            EXPECT_TRUE(table.chains().empty());
            EXPECT_EQ(table.remove("POSTROUTING", [](const Rule&) { return true; }), 0u);
            table.remove_chain("A");
        });
    }
    EXPECT_EQ(output_of({"nft", "list", "ruleset"}), "");
    change_legacy({Family::v4, TableName::nat}, [](Table& table) { table.ensure_chain("A"); });
    EXPECT_TRUE(legacy_has_table({Family::v4, TableName::nat}));
    EXPECT_EQ(legacy_problem({Family::v6, TableName::nat}), std::nullopt);
    EXPECT_EQ(output_of({"iptables-legacy", "-t", "nat", "-S", "A"}), "-N A\n");
}

TEST_F(IptLegacyTable, ABodyThatThrowsOrChangesNothingCommitsNothing) {
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

TEST_F(IptLegacyTable, TheBodyRunsAgainOnWhatOthersMadeMeanwhile) {
    int runs = 0;
    change([&](Table& table) {
        const std::size_t there = table.rules("A").size();
        if (runs++ < 3) without_lock("iptables-legacy -t nat -A A -j RETURN");
        if (there < 5) table.append("A", plain);
    });
    EXPECT_EQ(runs, 4);
    EXPECT_EQ(shown(Family::v4, "A"), (Strings{"-j RETURN", "-j RETURN", "-j RETURN", plain_text}));
}

TEST_F(IptLegacyTable, OthersGetTheLockBetweenTwoTries) {
    const auto somebody = test::Process::start(
        {.argv = {"sh", "-c", "echo >/run/waits; flock /run/xtables.lock touch /run/had"}});
    int runs = 0;
    change([&](Table& table) {
        while (::access("/run/waits", F_OK) < 0) ::usleep(1000);
        if (++runs < 200 && ::access("/run/had", F_OK) < 0)
            without_lock("iptables-legacy -t nat -A A -j RETURN");
        table.append("B", rule([](Rule& r) { r.target = Verdict::back; }));
    });
    EXPECT_LT(runs, 200);
    EXPECT_EQ(shown(Family::v4, "B"), Strings{"-j RETURN"});
}

TEST_F(IptLegacyTable, WhatTheKernelRefusesIsAnErrorThatNamesIt) {
    iptables(Family::v4, {"-A", "A", "-j", "B"});
    const Error busy = test::thrown([&] { change([](Table& table) { table.remove_chain("B"); }); });
    EXPECT_EQ(busy.msg, "delete chain B of iptables' table nat: Too many links");
    const Error missing =
        test::thrown([&] { change([](Table& table) { table.append("C", plain); }); });
    EXPECT_NE(missing.msg.find("chain C"), std::string::npos) << missing.msg;
    for (const auto& [extension, details] :
         {std::pair(Extension{"nosuch", 0, {}}, "the kernel lacks a match or target of the rules"),
          std::pair(Extension{"mark", 1, {}}, "Invalid argument")}) {
        const Rule wrong = rule([&](Rule& r) { r.matches = {extension}; });
        const Error error =
            test::thrown([&] { change([&](Table& table) { table.append("A", wrong); }); });
        EXPECT_THAT(error.msg, ::testing::StartsWith("change iptables' table nat: "));
        EXPECT_EQ(error.details, details);
    }
    EXPECT_EQ(shown(Family::v4, "A"), Strings{"-j B"});
}

TEST_F(IptLegacyTable, WhatIsNoRuleOfOursIsLeftAsItIs) {
    const Strings strange = {"-f -j B", "-g B", "-p tcp -m tcp --tcp-flags SYN,RST SYN -j B",
                             "-s 10.0.0.0/255.0.255.0 -j B"};
    for (const std::string& text : strange)
        ASSERT_TRUE(succeeds(Family::v4, cat("-A A ", text))) << text;
    iptables(Family::v4, {"-A", "B", "-j", "RETURN", "-c", "7", "1000"});
    const Strings before = shown(Family::v4, "A");
    change([](Table& table) {
        const auto rules = table.rules("A");
        EXPECT_TRUE(rules[0].foreign);
        EXPECT_TRUE(rules[1].foreign);
        EXPECT_TRUE(rules[1].jumps_to("B"));
        EXPECT_TRUE(rules[3].foreign);
        table.append("A", plain);
    });
    Strings after = before;
    after.push_back(plain_text);
    EXPECT_EQ(shown(Family::v4, "A"), after);
    EXPECT_THAT(output_of({"iptables-legacy-save", "-c", "-t", "nat"}),
                ::testing::HasSubstr("[7:1000] -A B -j RETURN"));
}

/// Somebody who has the lock of iptables, for that many seconds.
class LockHolder {
public:
    explicit LockHolder(const char* seconds)
        : process_(
              test::Process::start({.argv = {"flock", "/run/xtables.lock", "sleep", seconds}})) {
        while (run({.argv = {"flock", "-n", "/run/xtables.lock", "true"}}).ok()) ::usleep(1000);
    }
    void wait() { process_.wait(); }

private:
    test::Process process_;
};

Error refused_for_the_lock() {
    return test::thrown([] {
        change_legacy(
            {Family::v4, TableName::nat}, [](Table& table) { table.append("A", other); },
            std::chrono::milliseconds(50));
    });
}

TEST_F(IptLegacyTable, WaitsForTheLockOfIptables) {
    LockHolder holder("0.3");
    change([](Table& table) { table.append("A", plain); });
    EXPECT_EQ(shown(Family::v4, "A"), Strings{plain_text});
    holder.wait();
}

TEST_F(IptLegacyTable, DoesNotWaitForTheLockForever) {
    const LockHolder holder("60");
    const Error error = refused_for_the_lock();
    EXPECT_EQ(error.code, Code::try_again_later);
    EXPECT_EQ(error.msg,
              "another program holds the lock of iptables, /run/xtables.lock, for too long");
}

TEST_F(IptLegacyTable, DoesNotWaitForeverWhenSignalsAreBlocked) {
    const LockHolder holder("60");
    sigset_t all, previous;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &previous);
    const Error error = refused_for_the_lock();
    sigset_t left;
    ::pthread_sigmask(SIG_SETMASK, &previous, &left);
    EXPECT_EQ(error.code, Code::try_again_later);
    EXPECT_EQ(::sigismember(&left, SIGALRM), 1);
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
            change_legacy({Family::v4, TableName::nat}, [&](Table& table) {
                table.ensure_chain(chain);
                table.append(chain, plain);
                table.append("POSTROUTING", jump);
            });
            if (i == 4 && number % 2 == 0) return 0;
            change_legacy({Family::v4, TableName::nat}, [&](Table& table) {
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

TEST_F(IptLegacyTable, ConcurrentChangesLoseNobodysRules) {
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
