// What DEL puts back, and what it leaves alone; the reference plugin's work and ours.
#include <filesystem>

#include "fixture.h"
#include "support/ip_batch.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using SbrDel = SbrTest;

TEST_F(SbrDel, NeedsNoRecord) {
    json without = config();
    without.erase("prevResult");
    expect_ok("ADD", config());
    expect_ok("DEL", without);
    EXPECT_EQ(state(), before_);
    expect_ok("DEL", without);
    EXPECT_EQ(state(), before_);
}

TEST_F(SbrDel, RemovesTheRulesOfAnInterfaceThatIsGone) {
    expect_ok("ADD", config());
    inside("ip link delete net1");
    EXPECT_THAT(rules(), HasSubstr("lookup 100"));
    expect_ok("DEL", config());
    EXPECT_THAT(rules(), Not(HasSubstr("lookup 10")));
}

TEST_F(SbrDel, RemovesTheRulesOfAddressesThatAreGone) {
    expect_ok("ADD", config());
    inside("ip address delete 10.2.0.2/24 dev net1");
    expect_ok("DEL", config());
    EXPECT_THAT(rules(), Not(HasSubstr("lookup 10")));
    EXPECT_THAT(table("main"), HasSubstr("fd02::/64 dev net1"));
}

TEST_F(SbrDel, LeavesWhatIsOfOthers) {
    inside(
        "ip rule add from 10.2.0.2 lookup 700; ip rule add from 10.2.0.2 fwmark 3 lookup 701;"
        "ip rule add from 10.9.0.2 lookup 702 protocol 158;"
        "ip rule add from 10.1.0.2 lookup 703 protocol 158;"
        "ip route add 10.80.0.0/16 dev net1 table 702;"
        "ip route add 10.81.0.0/16 dev net1 table 800");
    const std::string here = state();
    expect_ok("ADD", config());
    expect_ok("DEL", config());
    EXPECT_EQ(state(), here);
}

// Two interfaces may have the same address.
TEST_F(SbrDel, LeavesTheRulesOfAnotherInterfaceWithTheAddress) {
    inside(
        "ip address add 10.2.0.2/32 dev eth0; ip route add 10.82.0.0/16 dev eth0 table 900;"
        "ip rule add from 10.2.0.2 lookup 900 protocol 158");
    expect_ok("ADD", config());
    expect_ok("DEL", config());
    EXPECT_THAT(rules(), AllOf(HasSubstr("lookup 900"), Not(HasSubstr("lookup 10"))));
    EXPECT_THAT(table("900"), HasSubstr("10.82.0.0/16 dev eth0"));
    EXPECT_THAT(table("main"), HasSubstr("10.2.0.0/24 dev net1"));
}

// ADD was killed behind any of its steps.
TEST_F(SbrDel, FinishesWhatWasBegun) {
    for (const char* half :
         {"ip rule add from 10.2.0.2 lookup 100 protocol 158",
          "ip rule add from 10.2.0.2 lookup 100 protocol 158;"
          "ip route add 10.2.0.0/24 dev net1 proto kernel src 10.2.0.2 table 100;"
          "ip route add default via 10.2.0.1 dev net1 proto 158 table 100",
          "ip rule add from 10.2.0.2 lookup 100 protocol 158;"
          "ip route add 10.2.0.0/24 dev net1 proto kernel src 10.2.0.2 table 100;"
          "ip route delete 10.2.0.0/24 dev net1"}) {
        SCOPED_TRACE(half);
        inside(half);
        expect_ok("DEL", config());
        EXPECT_EQ(state(), before_);
        inside(half);
        expect_ok("ADD", config());
        expect_ok("CHECK", config());
        expect_ok("DEL", config());
        EXPECT_EQ(state(), before_);
    }
}

// What a container can make many of. The kernel is told of up to 32 in one datagram.
TEST_F(SbrDel, CostsARequestForEachRuleAndTwoForEachRoute) {
    constexpr int count = 200;
    ip_batch(*container_, count, [](int i) {
        return cat("rule add from 10.2.0.2 lookup 100 protocol 158 priority ", 1000 + i);
    });
    ip_batch(*container_, count,
             [](int i) { return cat("route add ", host_network(i), " dev net1 table 100"); });
    EXPECT_LT(datagrams_of("DEL", config()), 3 * count / 32 + 30);
    EXPECT_THAT(rules(), Not(HasSubstr("lookup 100")));
    EXPECT_EQ(table("100"), "");
    EXPECT_THAT(table("main"), HasSubstr("172.16.0.199 dev net1"));
}

TEST_F(SbrDel, LeavesRoutesWhereTheyAreWhenThereAreTooMany) {
    expect_ok("ADD", config());
    ip_batch(*container_, 5000,
             [](int i) { return cat("route add ", host_network(i), " dev net1 table 100"); });
    expect_ok("CHECK", config());
    const PluginRun deleted = call("DEL", config());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_THAT(deleted.err, HasSubstr("net1 has too many routes to put them back"));
    EXPECT_THAT(rules(), Not(HasSubstr("lookup 10")));
    EXPECT_THAT(table("100"), HasSubstr("default via 10.2.0.1"));
    expect_refused(config(), 999, "net1 has more than 5000 routes");
}

TEST_F(SbrDel, RemovesSoManyRulesAndNoMore) {
    ip_batch(*container_, 5010, [](int i) {
        return cat("rule add from 10.2.0.2 lookup 100 protocol 158 priority ", 1000 + i);
    });
    const PluginRun deleted = call("DEL", config());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_THAT(deleted.err, HasSubstr("more rules than are removed"));
    const std::string left = rules();
    EXPECT_THAT(left, AllOf(HasSubstr("6009:"), Not(HasSubstr("5999:"))));
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before_);
}

TEST_F(SbrDel, MakesNoFileWhereANamespaceWas) {
    for (const std::string path : {"", "/run/netns/gone"}) {
        PluginArgs without = net1();
        without.netns = path;
        const PluginRun run = run_plugin("sbr", "DEL", without, config().dump());
        EXPECT_TRUE(run.ok()) << run.report();
    }
    EXPECT_FALSE(std::filesystem::exists("/run/netns/gone"));
}

TEST_F(SbrDel, OfWhatTheReferencePluginMade) {
    if (!reference_dir()) GTEST_SKIP() << "the reference plugins are not installed";
    const PluginRun added = reference("ADD", config());
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_THAT(rules(), HasSubstr("from 10.2.0.2 lookup"));
    expect_ok("CHECK", config());
    const std::string made = state();
    expect_ok("ADD", config());
    EXPECT_EQ(state(), made);
    expect_ok("DEL", config());
    EXPECT_THAT(rules(), Not(HasSubstr("from 10.2.0.2")));
}

TEST_F(SbrDel, OfTheReferencePluginFindsWhatWeMade) {
    if (!reference_dir()) GTEST_SKIP() << "the reference plugins are not installed";
    for (const json& config : {this->config({{"table", 500}}), this->config()}) {
        expect_ok("ADD", config);
        const PluginRun deleted = reference("DEL", config);
        EXPECT_TRUE(deleted.ok()) << deleted.report();
        EXPECT_THAT(rules(), Not(HasSubstr("from 10.2.0.2")));
    }
}

}  // namespace
}  // namespace cni::test
