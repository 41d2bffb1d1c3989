// DEL, GC and killed ADDs: nothing of an attachment stays, and nothing of another one goes.
#include <gtest/gtest.h>

#include <list>

#include "support/fault.h"
#include "support/ptp_fixture.h"

namespace cni::test {
namespace {

class PtpDel : public PtpTest {
protected:
    static json full(const json& keys = json::object()) {
        json config = scripted({{"cniVersion", "1.1.0"}, {"ipMasq", true}});
        config.merge_patch(keys);
        return config;
    }
    /// What is on a host that was used: forwarding and tables, but no attachment.
    static Snapshot used_host(const ScriptedIpam& ipam) {
        ipam.answer(ipam_result({"10.1.2.9/24", "fd00:1:2::9/64"}));
        const TestNetns c("earlier");
        add(c, full());
        del(c, full());
        ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
        return host_snapshot();
    }
    static void expect_deleted(const PluginArgs& args, const json& config, const Snapshot& before) {
        const PluginRun run = call("DEL", args, config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(host_snapshot(), before);
    }
    static PluginRun gc(json config, const std::vector<std::string>& ids) {
        config["cni.dev/valid-attachments"] = json::array();
        for (const std::string& id : ids)
            config["cni.dev/valid-attachments"].push_back(
                {{"containerID", id}, {"ifname", "eth0"}});
        return gc(config);
    }
    static PluginRun gc(const json& config) {
        PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
        none.path = cat(bin_dir(), ":", ScriptedIpam::dir);
        return call("GC", none, config);
    }
};

TEST_F(PtpDel, WithOtherOrWrongKeys) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{{{"ipMasq", false}},
                                              {{"ipMasq", 5}},
                                              {{"ipMasqBackend", "ipchains"}},
                                              {{"mtu", "x"}},
                                              {{"dns", "x"}},
                                              {{"ipam", {{"type", ""}}}},
                                              {{"ipam", nullptr}},
                                              {{"prevResult", "junk"}}}) {
        add(c, full());
        expect_deleted(args(c), full(keys), before);
    }
}

TEST_F(PtpDel, GoesOnWhenIpamFailsAndSaysSo) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    const std::string name = host_end(add(c, full()));
    ipam.on("DEL", "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    PluginRun run = call("DEL", args(c), full());
    EXPECT_EQ(run.error_code(), 100);
    EXPECT_EQ(run.error_message(), "store is broken");
    EXPECT_EQ(host_snapshot(), before);
    // The address is free once nobody has it.
    ipam.on("DEL", "true");
    add(c, full());
    ipam.on("DEL", cat("! ip link show ", name));
    run = call("DEL", args(c), full());
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(PtpDel, AnIpamKeyThatCannotBeReadKeepsNoPair) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    add(c, full());
    json wrong = full();
    wrong["ipam"] = 5;
    EXPECT_EQ(call("DEL", args(c), wrong).error_code(), 7);
    EXPECT_EQ(host_snapshot(), before);
    expect_deleted(args(c), full(), before);
}

TEST_F(PtpDel, OfOneContainerLeavesTheOthers) {
    const ScriptedIpam ipam;
    used_host(ipam);
    const TestNetns other("other"), c("c1");
    add(other, full());
    const Snapshot before = host_snapshot();
    ipam.answer(ipam_result({"10.1.2.3/24", "fd00:1:2::3/64"}));
    add(c, full());
    expect_deleted(args(c), full(), before);
    EXPECT_TRUE(ping(other.netns(), "10.1.2.1"));
    EXPECT_TRUE(ping(other.netns(), "fd00:1:2::1"));
}

TEST_F(PtpDel, AddKilledAnywhereLeavesNothingToTheNextDel) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    FaultSample(23).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        std::list<TestNetns> c;
        c.emplace_back("c1");
        PluginArgs call_args = args(c.front());
        const auto injured =
            run_with_fault(plugin_program("ptp", "ADD", call_args, full().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        if (fault.number % 2 == 0) call_args.netns = "";
        if (fault.number % 3 == 0) c.front().unmount();
        expect_deleted(call_args, full(), before);
        EXPECT_TRUE(link(c.front(), "eth0").is_null());
        return injured.reached;
    });
}

TEST_F(PtpDel, KilledAnywhereIsFinishedByTheNext) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    FaultSample(23).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        const TestNetns c("c1");
        add(c, full());
        const auto injured =
            run_with_fault(plugin_program("ptp", "DEL", args(c), full().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        PluginArgs again = args(c);
        if (fault.number % 2 == 0) again.netns = "";
        expect_deleted(again, full(), before);
        return injured.reached;
    });
}

TEST_F(PtpDel, AtOnceWithManyOthers) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const json config = network({{"cniVersion", "1.1.0"}, {"ipMasq", true}});
    std::list<TestNetns> containers;
    for (int i = 0; i < 40; ++i) containers.emplace_back(cat("c", i));
    for (const char* command : {"ADD", "DEL"}) {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            running.push_back(
                Process::start(plugin_program("ptp", command, args(c), config.dump())));
        for (Process& process : running) {
            const PluginRun run = wait_for_plugin(process);
            EXPECT_TRUE(run.ok()) << run.report();
        }
        EXPECT_EQ(leases().size(), command[0] == 'A' ? 80u : 0u);
    }
    EXPECT_EQ(host_snapshot().links, before.links);
    EXPECT_EQ(host_snapshot().nftables, before.nftables);
}

TEST_F(PtpDel, AttachmentsOfTheReferencePluginAndTheReverse) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const json config = fixed({{"addresses",
                                {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}},
                                 {{"address", "fd00:1::2/64"}, {"gateway", "fd00:1::1"}}}},
                               {"routes", {{{"dst", "0.0.0.0/0"}}}}});
    const TestNetns c("c1");
    const Snapshot before = host_snapshot();
    for (const char* netns : {"", "/run/netns/c1"}) {
        const PluginRun theirs = reference("ADD", c, config);
        ASSERT_TRUE(theirs.ok()) << theirs.report();
        EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
        const json recorded = with_prev_result(config, theirs.json());
        const PluginRun check = call("CHECK", args(c), recorded);
        EXPECT_TRUE(check.ok()) << check.report();
        PluginArgs ours = args(c);
        ours.netns = netns;
        expect_deleted(ours, recorded, before);
    }
    const json recorded = with_prev_result(config, add(c, config));
    const PluginRun check = reference("CHECK", c, recorded);
    EXPECT_TRUE(check.ok()) << check.report();
    const PluginRun run = reference("DEL", c, recorded);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(PtpDel, GcRemovesAllOfStaleAttachmentsAndNothingElse) {
    const ScriptedIpam ipam;
    used_host(ipam);
    const TestNetns valid("valid"), stale("stale"), other("other");
    add(valid, full());
    ipam.answer(ipam_result({"10.1.2.4/24"}));
    add(other, full({{"name", "net2"}}));
    const Snapshot before = host_snapshot();
    ipam.answer(ipam_result({"10.1.2.3/24", "fd00:1:2::3/64"}));
    add(stale, full());
    const Snapshot with_stale = host_snapshot();
    EXPECT_TRUE(gc(full()).ok());
    EXPECT_EQ(host_snapshot(), with_stale) << "no list, no information";
    const PluginRun run = gc(full(), {"valid"});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_TRUE(link(stale, "eth0").is_null());
    EXPECT_EQ(ipam.calls().back(), "GC  ");
    EXPECT_TRUE(ping(valid.netns(), "10.1.2.1"));
}

TEST_F(PtpDel, GcGoesOnWhenIpamFails) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    add(c, full());
    ipam.on("GC", "echo '{\"code\": 100, \"msg\": \"cannot\"}'; exit 1");
    EXPECT_EQ(gc(full(), {}).error_message(), "cannot");
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_TRUE(gc(full({{"ipam", nullptr}}), {}).ok());
}

}  // namespace
}  // namespace cni::test
