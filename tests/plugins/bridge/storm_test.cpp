// Many at once, and killed at any moment.
#include <gtest/gtest.h>

#include <list>
#include <set>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/fault.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class BridgeStorm : public BridgeTest {
protected:
    using Containers = std::list<TestNetns>;

    static json full() { return layer3({{"ipMasq", true}, {"macspoofchk", true}}); }

    /// The same command for all of them, at once.
    static std::vector<PluginRun> at_once(const std::string& command, const Containers& containers,
                                          const json& config) {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            running.push_back(
                Process::start(plugin_program("bridge", command, args(c), config.dump())));
        std::vector<PluginRun> finished;
        for (Process& process : running) finished.push_back(wait_for_plugin(process));
        for (const PluginRun& run : finished) EXPECT_TRUE(run.ok()) << run.report();
        return finished;
    }
    /// What a host is like whose first and only container has gone.
    static Snapshot used_host() {
        const TestNetns c("first");
        add(c, full());
        del(c, full());
        return host_snapshot();
    }
    static void expect_nothing_left(const Snapshot& before, const std::string& when) {
        const Snapshot now = host_snapshot();
        EXPECT_EQ(now.links, before.links) << when;
        EXPECT_EQ(now.nftables, before.nftables) << when;
        EXPECT_TRUE(leases().empty()) << when;
    }
};

TEST_F(BridgeStorm, TwoHundredAtOnceOnABridgeThatIsNotThereYet) {
    Containers containers;
    for (int i = 0; i < 200; ++i) containers.emplace_back(cat("c", i));
    std::set<std::string> addresses, macs;
    json last;
    for (const PluginRun& run : at_once("ADD", containers, full())) {
        if (!run.ok()) continue;
        last = run.json();
        addresses.insert(address_of(last, '4'));
        macs.insert(last["interfaces"][0]["mac"].get<std::string>());
    }
    EXPECT_EQ(addresses.size(), 200u);
    EXPECT_EQ(macs.size(), 1u) << "all of one bridge, whose MAC never changes";
    EXPECT_TRUE(ping(containers.front().netns(), address_of(last, '4')));
    EXPECT_TRUE(ping(containers.front().netns(), address_of(last, '6')));
    EXPECT_EQ(leases().size(), 400u);

    at_once("DEL", containers, full());
    const Snapshot after = host_snapshot();
    EXPECT_TRUE(leases().empty());
    for (const TestNetns& c : containers) EXPECT_TRUE(link(c, "eth0").is_null());
    ASSERT_FALSE(enter_sandbox());
    const Snapshot quiet = used_host();
    EXPECT_EQ(after.links, quiet.links);
    EXPECT_EQ(after.nftables, quiet.nftables);
}

TEST_F(BridgeStorm, AddsAndDelsMixed) {
    const Snapshot before = used_host();
    Containers coming, going;
    for (int i = 0; i < 40; ++i) {
        coming.emplace_back(cat("in", i));
        going.emplace_back(cat("out", i));
    }
    at_once("ADD", going, full());
    std::vector<Process> running;
    for (auto in = coming.begin(), out = going.begin(); in != coming.end(); ++in, ++out) {
        running.push_back(
            Process::start(plugin_program("bridge", "ADD", args(*in), full().dump())));
        running.push_back(
            Process::start(plugin_program("bridge", "DEL", args(*out), full().dump())));
    }
    for (Process& process : running) {
        const PluginRun run = wait_for_plugin(process);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    EXPECT_EQ(leases().size(), 80u);
    at_once("DEL", coming, full());
    expect_nothing_left(before, "after all of them");
}

// In turns with the namespace, without it, and with a namespace that is gone.
TEST_F(BridgeStorm, AddKilledAnywhereLeavesNothingToTheNextDel) {
    const Snapshot before = used_host();
    FaultSample(41).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        std::list<TestNetns> c;
        c.emplace_back("c1");
        PluginArgs call_args = args(c.front());
        const auto injured =
            run_with_fault(plugin_program("bridge", "ADD", call_args, full().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        if (fault.number % 2 == 0) call_args.netns = "";
        if (fault.number % 5 == 0) c.front().unmount();
        const PluginRun run = call("DEL", call_args, full());
        EXPECT_TRUE(run.ok()) << run.report();
        expect_nothing_left(before, "after its DEL");
        EXPECT_TRUE(link(c.front(), "eth0").is_null());
        return injured.reached;
    });
}

TEST_F(BridgeStorm, AddKilledOnAFreshHostDoesNotHinderTheNext) {
    FaultSample(67).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        EXPECT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        const auto injured =
            run_with_fault(plugin_program("bridge", "ADD", args(c), full().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        del(c, full());
        add(c, full());
        EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
        EXPECT_TRUE(ping(c.netns(), "fd00:1:2::1"));
        del(c, full());
        EXPECT_TRUE(leases().empty());
        return injured.reached;
    });
}

TEST_F(BridgeStorm, DelKilledAnywhereIsFinishedByTheNext) {
    const Snapshot before = used_host();
    FaultSample(41).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        const TestNetns c("c1");
        add(c, full());
        const auto injured =
            run_with_fault(plugin_program("bridge", "DEL", args(c), full().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        PluginArgs again = args(c);
        if (fault.number % 2 == 0) again.netns = "";
        const PluginRun run = call("DEL", again, full());
        EXPECT_TRUE(run.ok()) << run.report();
        expect_nothing_left(before, "after its DEL");
        return injured.reached;
    });
}

}  // namespace
}  // namespace cni::test
