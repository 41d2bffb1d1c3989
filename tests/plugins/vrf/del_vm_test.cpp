// What DEL puts back and removes, what CHECK says, and what the reference plugin has made.
#include <sys/syscall.h>

#include <cstdlib>

#include "base/hash.h"
#include "fixture.h"
#include "support/held_calls.h"
#include "support/ip_batch.h"
#include "support/orphans.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using VmVrfDel = VmVrfTest;

TEST_F(VmVrfDel, LeavesAVrfThatHasOtherPortsOrIsOfOthers) {
    inside("ip link add other type dummy");
    expect_ok("ADD", config());
    inside("ip link set other master blue");
    expect_ok("DEL", config());
    EXPECT_EQ(master(), "");
    EXPECT_TRUE(has_vrf());
    inside("ip link delete blue; ip link add blue type vrf table 9");
    expect_ok("ADD", config());
    expect_ok("DEL", config());
    EXPECT_EQ(master(), "");
    EXPECT_TRUE(has_vrf());
}

// The container can make any number, with the mark that ours have.
TEST_F(VmVrfDel, LeavesOneProcessBehindForAllVrfs) {
    if (std::getenv("CNI_AWAIT_KERNEL")) GTEST_SKIP() << "CNI_AWAIT_KERNEL is set";
    PluginArgs leaving = args(*container_);
    leaving.environment = {"CNI_AWAIT_KERNEL=0"};
    Program del = plugin_program("vrf", "DEL", leaving, config().dump());
    const auto expect_deleted = [&] {
        const Finished finished = Process::start(del).wait();
        EXPECT_TRUE(finished.ok()) << finished.out << finished.err;
    };
    // Before one is seen to be waited for, no more than one is left at a time (sys/reaper.h).
    expect_ok("ADD", config());
    expect_deleted();
    await_orphans();
    const auto name = [](int i) { return cat("vrf", i); };
    ip_batch(*container_, 16, [&](int i) {
        const Mac mark = Mac::from_hash(sha512_hex(cat("vrf/", name(i))));
        return cat("link add ", name(i), " address ", mark.to_string(), " type vrf table ", 10 + i);
    });
    {
        // All that are left are there until they are counted.
        const HeldCalls calls({SYS_setsid});
        del.prepare = calls.prepare();
        expect_deleted();
        EXPECT_EQ(orphans().size(), 1u);
    }
    await_orphans();
    for (int i = 0; i < 16; ++i) EXPECT_FALSE(has_vrf(name(i))) << i;
}

TEST_F(VmVrfDel, MovesSoManyRoutesAndNoMore) {
    const auto add = [&](const std::string& more) {
        ip_batch(*container_, 5001,
                 [&](int i) { return cat("route add ", host_network(i), " dev eth0", more); });
    };
    add("");
    const std::string before = state();
    expect_failure("ADD", config(), 999, "eth0 has more than 5000 routes: too many to move");
    EXPECT_TRUE(state() == before) << "it has changed";
    EXPECT_FALSE(has_vrf());
    inside("ip route flush root 172.16.0.0/12");
    expect_ok("ADD", config({{"table", 7}}));
    add(" table 7");
    const PluginRun deleted = call("DEL", config({{"table", 7}}));
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_THAT(deleted.err, HasSubstr("eth0 has too many routes to keep all of them"));
    EXPECT_FALSE(has_vrf());
    EXPECT_THAT(table("main"), AllOf(HasSubstr("10.88.0.0/24"), HasSubstr("172.16.1.1 dev eth0"),
                                     Not(HasSubstr("172.16.19.136 dev eth0"))));
}

TEST_F(VmVrfDel, SucceedsWhateverIsMissing) {
    expect_ok("DEL", config());
    expect_ok("ADD", config());
    inside("ip link delete blue");
    expect_ok("DEL", config());
    expect_ok("ADD", config());
    inside("ip link delete eth0");
    expect_ok("DEL", config());
    EXPECT_FALSE(has_vrf());
    expect_ok("DEL", config());
    inside("ip link add blue type dummy");
    expect_ok("DEL", config());
    EXPECT_TRUE(has_vrf()) << "it is no VRF";
}

TEST_F(VmVrfDel, TakesTheInterfaceOutOfAVrfThatIsDown) {
    inside("ip route add 10.99.0.0/16 via 10.88.0.254; ip -6 route add default via fd88::1");
    const std::string before = state();
    expect_ok("ADD", config());
    inside("ip link set blue down");
    expect_ok("DEL", config());
    EXPECT_EQ(master(), "");
    EXPECT_EQ(state(), before);
}

TEST_F(VmVrfDel, CheckNamesWhatIsAmiss) {
    expect_failure("CHECK", config(), 999, "VRF blue: Link not found");
    expect_ok("ADD", config());
    inside("ip link set blue down");
    expect_failure("CHECK", config(), 999, "VRF blue is down");
    inside("ip link set blue up; ip link set eth0 nomaster");
    expect_failure("CHECK", config(), 999, "failed to find eth0 associated to vrf blue");
    expect_ok("ADD", config());
    expect_ok("CHECK", config());
}

TEST_F(VmVrfDel, OfWhatTheReferencePluginMade) {
    if (!reference_dir()) GTEST_SKIP() << "the reference plugins are not installed";
    const PluginRun added = reference("ADD", config());
    ASSERT_TRUE(added.ok()) << added.report();
    inside("ip -6 route add default via fd88::1 vrf blue");
    expect_ok("CHECK", config());
    expect_ok("ADD", config());
    expect_ok("DEL", config());
    EXPECT_EQ(master(), "");
    EXPECT_THAT(table("main"), HasSubstr("default via fd88::1 dev eth0"));
    EXPECT_TRUE(has_vrf()) << "whose it is nobody can tell";
}

TEST_F(VmVrfDel, OfTheReferencePluginFindsWhatWeMade) {
    if (!reference_dir()) GTEST_SKIP() << "the reference plugins are not installed";
    expect_ok("ADD", config());
    const PluginRun deleted = reference("DEL", config());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_EQ(master(), "");
    EXPECT_FALSE(has_vrf());
}

}  // namespace
}  // namespace cni::test
