// Rules of policy routing, tables that are free, and who chooses among them.
#include "netlink/rule.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <sys/file.h>

#include "container/netns_lock.h"
#include "netlink/table.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class Rules : public SandboxTest {
protected:
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    static Rule from(const std::string& prefix, int table) {
        const Prefix source = Prefix::parse(prefix).value();
        return {.family = source.ip.family(), .from = source, .table = table, .protocol = 99};
    }
    static std::vector<Rule> listed() {
        Rtnl rtnl;
        return rules(rtnl);
    }
    static bool is_there(const Rule& rule) {
        return std::ranges::any_of(listed(),
                                   [&](const Rule& each) { return each.does_same(rule); });
    }
};

TEST_F(Rules, AreMadeAndReadBack) {
    Rtnl rtnl;
    Rule both = from("10.1.0.0/16", -5);
    both.to = Prefix::parse("10.2.0.0/16");
    both.priority = 77;
    for (Rule rule : {from("10.1.2.3/32", 1000), from("fd01::/64", 100), both}) {
        rtnl.apply(add_rule(rule));
        const auto found = listed();
        const auto it =
            std::ranges::find_if(found, [&](const Rule& r) { return r.does_same(rule); });
        ASSERT_NE(it, found.end()) << rule.from->to_string();
        EXPECT_EQ(it->protocol, 99);
        EXPECT_EQ(it->priority, rule.priority.value_or(*it->priority));
        rtnl.apply(remove_rule(*it), remove_rule(*it));
        EXPECT_FALSE(is_there(rule));
    }
    shell("ip rule add from 10.1.0.0/16 to 10.2.0.0/16 lookup 4294967291 priority 77");
    EXPECT_TRUE(is_there(both));
    rtnl.apply(add_rule(both));
    EXPECT_THROW(rtnl.apply(add_rule(both)), NlError);
}

TEST_F(Rules, ThatLookAtMoreAreNotPlain) {
    for (const char* more : {"fwmark 3", "iif lo", "oif lo", "tos 0x10", "ipproto tcp", "sport 5",
                             "uidrange 0-0", "suppress_prefixlength 0"}) {
        shell(cat("ip rule add from 10.1.2.3 lookup 1000 ", more));
        EXPECT_FALSE(is_there(from("10.1.2.3/32", 1000))) << more;
        shell(cat("ip rule delete from 10.1.2.3 lookup 1000 ", more));
    }
    shell("ip rule add not from 10.1.2.3 lookup 1000; ip rule add from 10.1.2.3 prohibit");
    EXPECT_FALSE(is_there(from("10.1.2.3/32", 1000)));
    shell("ip rule add from 10.1.2.3 lookup 1000");
    EXPECT_TRUE(is_there(from("10.1.2.3/32", 1000)));
}

TEST(UnusedTables, AreNeitherInUseNorTheKernels) {
    UnusedTables tables(std::set<int>{100, 102, 252});
    EXPECT_EQ(tables.take(100), 101);
    EXPECT_EQ(tables.take(100), 103);
    EXPECT_EQ(tables.take(252), 256);
    EXPECT_EQ(tables.take(252), 257);
}

TEST_F(Rules, AndRoutesUseTables) {
    shell(
        "ip link add e0 up type veth peer name e1; ip rule add from 10.1.2.3 lookup 100;"
        "ip route add 10.0.0.0/8 dev e0 table 101; ip -6 route add unreachable fd01::/64 table "
        "102");
    Rtnl rtnl;
    UnusedTables tables(rtnl, rules(rtnl));
    EXPECT_EQ(tables.take(100), 103);
}

TEST_F(Rules, AreChosenForOneAfterTheOther) {
    const TestNetns c("c1");
    const Fd other(::open(c.path().c_str(), O_RDONLY | O_CLOEXEC));
    const auto is_free = [&] {
        const bool locked = ::flock(other.get(), LOCK_EX | LOCK_NB) == 0;
        ::flock(other.get(), LOCK_UN);
        return locked;
    };
    {
        const NetnsLock lock(c.netns());
        EXPECT_FALSE(is_free());
    }
    EXPECT_TRUE(is_free());
    // Who holds it for ever, as the container may, holds up nobody.
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    testing::internal::CaptureStderr();
    const NetnsLock lock(c.netns(), std::chrono::milliseconds(20));
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("going on without the lock"));
}

}  // namespace
}  // namespace cni::test
