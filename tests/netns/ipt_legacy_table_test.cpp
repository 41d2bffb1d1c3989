// Of the legacy tables alone: their lock, and rules that this program does not know.
#include <signal.h>
#include <unistd.h>

#include "iptables/legacy_table.h"
#include "netns/ipt_table_fixture.h"

namespace cni::ipt {
namespace {

class IptLegacyTable : public IptTableTest {
protected:
    IptLegacyTable() : IptTableTest(Flavour::legacy) {}
};

TEST_F(IptLegacyTable, OthersGetTheLockBetweenTwoTries) {
    const auto somebody = test::Process::start(
        {.argv = {"sh", "-c", "echo >/run/waits; flock /run/xtables.lock touch /run/had"}});
    int runs = 0;
    change([&](Table& table) {
        while (::access("/run/waits", F_OK) < 0) ::usleep(1000);
        if (++runs < 200 && ::access("/run/had", F_OK) < 0) append_without_lock("A -j RETURN");
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

}  // namespace
}  // namespace cni::ipt
