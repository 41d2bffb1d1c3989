// DEL, GC, attachments that the reference plugin made or finds, and many at once: nothing of an
// attachment stays, and nothing of another one goes.
#include <list>

#include "fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MacvlanDel : public MacvlanTest {
protected:
    bool has_interface(const TestNetns& c) const { return !link(c, "eth0").is_null(); }
};

TEST_F(MacvlanDel, NeedsNoMasterAndNoValidKeys) {
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{{{"master", "m9"}},
                                              {{"master", nullptr}},
                                              {{"master", 5}},
                                              {{"mode", "source"}},
                                              {{"mtu", 90000}},
                                              {{"mac", "junk"}},
                                              {{"linkInContainer", "x"}},
                                              {{"bcqueuelen", -7}},
                                              {{"dns", 7}},
                                              {{"prevResult", "junk"}}}) {
        add(c, network());
        PluginArgs with = args(c);
        with.args = "MAC=junk;WHAT=ever;IgnoreUnknown=1";
        const PluginRun run = call("DEL", with, network(keys));
        EXPECT_TRUE(run.ok()) << keys << run.report();
        EXPECT_FALSE(has_interface(c)) << keys;
        EXPECT_THAT(leases(), IsEmpty()) << keys;
    }
}

TEST_F(MacvlanDel, LeavesAnInterfaceOfAnotherKind) {
    const TestNetns c("c1");
    add(c, network());
    shell(c, "ip link delete eth0; ip link add eth0 type bridge");
    const PluginRun run = call("DEL", c, network());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("interface eth0 is not of type macvlan: it is left alone"));
    EXPECT_TRUE(has_interface(c));
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(MacvlanDel, TakesTheLinkFirstThenTheAddress) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted());
    ipam.on("DEL", "! ip -n c1 link show eth0");
    del(c, scripted());
}

TEST_F(MacvlanDel, GoesOnWhenIpamFailsAndSaysSo) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted());
    ipam.on("DEL", "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    const PluginRun run = call("DEL", c, scripted());
    EXPECT_EQ(run.error_code(), 100);
    EXPECT_EQ(run.error_message(), "store is broken");
    EXPECT_FALSE(has_interface(c));
}

TEST_F(MacvlanDel, AnIpamKeyThatCannotBeReadKeepsNoLink) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted());
    json wrong = scripted();
    wrong["ipam"] = 5;
    EXPECT_EQ(call("DEL", c, wrong).error_code(), 7);
    EXPECT_FALSE(has_interface(c));
}

TEST_F(MacvlanDel, OfOneAttachmentLeavesTheOthers) {
    const TestNetns c("c1"), other("other");
    const json stays = add(other, network()), second = add(c, network(), "net1");
    add(c, network());
    del(c, network());
    EXPECT_FALSE(has_interface(c));
    EXPECT_FALSE(link(c, "net1").is_null());
    expect_sound(other, network(), stays);
    EXPECT_TRUE(ping(c.netns(), outside().address()));
    EXPECT_THAT(leases(), SizeIs(4));
}

// What swaps the names of its interfaces keeps the one that is not deleted.
TEST_F(MacvlanDel, TakesItsOwnWhateverItIsCalled) {
    const TestNetns c("c1");
    add(c, network());
    const json second = add(c, network(), "net1");
    shell(c,
          "ip link set eth0 down; ip link set net1 down; ip link set eth0 name x;"
          "ip link set net1 name eth0; ip link set x name net1");
    const PluginRun run = call("DEL", c, network());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("interface eth0 is of another attachment"));
    EXPECT_EQ(link(c, "eth0")["address"], mac(second));
    EXPECT_TRUE(link(c, "net1").is_null());
}

TEST_F(MacvlanDel, GcTellsIpamAndIpamAlone) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted());
    PluginRun run = call("GC", scripted({{"cni.dev/valid-attachments", json::array()}}));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(ipam.calls().back(), "GC  ");
    EXPECT_TRUE(has_interface(c)) << "goes with its container";
    ipam.on("GC", "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    run = call("GC", scripted({{"cni.dev/valid-attachments", json::array()}}));
    EXPECT_EQ(run.error_message(), "store is broken");
    EXPECT_TRUE(call("GC", layer2_network()).ok());
}

TEST_F(MacvlanDel, AddKilledAnywhereLeavesNothingToTheNextDel) {
    FaultSample(23).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        const TestNetns c("c1");
        const auto injured =
            run_with_fault(plugin_program("macvlan", "ADD", args(c), network().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        del(c, network());
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
        return injured.reached;
    });
}

class MacvlanSwitchover : public MacvlanDel {
protected:
    void SetUp() override {
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
        MacvlanDel::SetUp();
    }
    json full() const {
        return network({{"mode", "private"}, {"mtu", 1400}, {"mac", "02:00:00:00:00:09"}});
    }
};

TEST_F(MacvlanSwitchover, WhatTheReferencePluginMadeIsCheckedAndDeleted) {
    for (const json& config : {full(), network(), layer2_network()}) {
        const TestNetns c("c1");
        const PluginRun run = reference("ADD", c, config);
        ASSERT_TRUE(run.ok()) << run.report();
        expect_sound(c, config, run.json());
        del(c, recorded(config, run.json()));
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
    }
}

TEST_F(MacvlanSwitchover, TheReferencePluginChecksAndDeletesWhatIsMadeHere) {
    for (const json& config : {full(), network(), layer2_network()}) {
        const TestNetns c("c1");
        const json result = add(c, config);
        for (const char* command : {"CHECK", "DEL", "DEL"}) {
            const PluginRun run = reference(command, c, recorded(config, result));
            EXPECT_TRUE(run.ok()) << command << run.report();
        }
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
    }
}

TEST_F(MacvlanSwitchover, BothMakeTheSame) {
    const TestNetns ours("c1"), theirs("c2");
    const json result = add(ours, full());
    del(ours, full());
    const PluginRun run = reference("ADD", theirs, full());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json()["interfaces"][0]["mac"], result["interfaces"][0]["mac"]);
    EXPECT_EQ(run.json()["routes"], result["routes"]);
    EXPECT_EQ(settings(theirs)["mode"], "private");
    EXPECT_EQ(link(theirs, "eth0")["mtu"], 1400);
}

class MacvlanStorm : public MacvlanDel {
protected:
    using Containers = std::list<TestNetns>;
    std::vector<PluginRun> at_once(const char* command, const Containers& containers) const {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            running.push_back(
                Process::start(plugin_program("macvlan", command, args(c), network().dump())));
        std::vector<PluginRun> finished;
        for (Process& process : running) finished.push_back(wait_for_plugin(process));
        for (const PluginRun& run : finished) EXPECT_TRUE(run.ok()) << run.report();
        return finished;
    }
};

TEST_F(MacvlanStorm, ManyComeAndGoAtOnce) {
    Containers containers;
    for (int i = 0; i < 100; ++i) containers.emplace_back(cat("c", i));
    const Snapshot before = host_snapshot();
    const auto added = at_once("ADD", containers);
    EXPECT_THAT(leases(), SizeIs(200));
    EXPECT_TRUE(ping(containers.front().netns(), address_of(added.back().json(), '4')));
    EXPECT_TRUE(ping(containers.back().netns(), outside().address6()));
    at_once("DEL", containers);
    for (const TestNetns& c : containers) EXPECT_FALSE(has_interface(c)) << c.name();
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_EQ(host_snapshot().links, before.links);
}

TEST_F(MacvlanStorm, NamespacesVanishMeanwhile) {
    Containers containers;
    for (int i = 0; i < 40; ++i) containers.emplace_back(cat("c", i));
    std::vector<Program> dels;
    std::vector<Process> running;
    for (const TestNetns& c : containers) {
        running.push_back(
            Process::start(plugin_program("macvlan", "ADD", args(c), network().dump())));
        dels.push_back(plugin_program("macvlan", "DEL", args(c), network().dump()));
    }
    for (auto each = containers.begin(); each != containers.end();)
        each = std::distance(containers.begin(), each) % 2 ? containers.erase(each) : ++each;
    for (Process& process : running) wait_for_plugin(process);
    for (const Program& each : dels) EXPECT_TRUE(run(each).ok());
    EXPECT_THAT(leases(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
