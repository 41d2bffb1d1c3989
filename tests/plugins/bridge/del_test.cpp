// DEL removes what ADD made, whatever became of the namespace, the configuration and the record.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class BridgeDel : public BridgeTest {
protected:
    /// Everything an attachment can have, masquerading and spoof check included.
    static json full(const json& keys = json::object()) {
        json config = scripted({{"isGateway", true}, {"ipMasq", true}, {"macspoofchk", true}});
        config.merge_patch(keys);
        return config;
    }
    /// What is on a host that was used: bridge, gateways and tables, but no attachment.
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
    static json with_prev_result(json config, const json& result) {
        config["prevResult"] = result;
        return config;
    }
};

TEST_F(BridgeDel, LeavesOnlyWhatIsShared) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    const Snapshot container = c.run(take_snapshot);
    add(c, full());
    expect_deleted(args(c), full(), before);
    EXPECT_EQ(c.run(take_snapshot).links, container.links);
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

// /proc/<pid>/ns/net, whose process id another container's process has by now.
TEST_F(BridgeDel, WithNetnsOfAnotherContainer) {
    const TestNetns c("c1"), other("c2");
    const json config = layer3();
    const std::string port = port_of(add(c, config));
    add(other, config);
    PluginArgs stale = args(c);
    stale.netns = other.path();
    const PluginRun run = call("DEL", stale, config);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_FALSE(link(other, "eth0").is_null());
    EXPECT_TRUE(link(port).is_null());
    EXPECT_EQ(leases(), (std::vector<std::string>{"10.1.2.3", "fd00:1:2::3"}));
}

TEST_F(BridgeDel, WithOtherKeysThanAdd) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{
             {{"ipMasq", false}, {"macspoofchk", false}},
             {{"bridge", "other0"}},
             {{"ipMasq", nullptr}, {"macspoofchk", nullptr}, {"isGateway", nullptr}}}) {
        add(c, full());
        expect_deleted(args(c), full(keys), before);
    }
}

TEST_F(BridgeDel, WithKeysThatNoAddWouldTake) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{{{"vlan", 9999}},
                                              {{"vlanTrunk", {nullptr}}},
                                              {{"bridge", ""}},
                                              {{"mtu", "x"}},
                                              {{"ipMasqBackend", "ipchains"}},
                                              {{"hairpinMode", true}, {"promiscMode", true}}}) {
        add(c, full());
        expect_deleted(args(c), full(keys), before);
    }
    add(c, full());
    PluginArgs odd = args(c);
    odd.args = "MAC;IP=1";
    expect_deleted(odd, full(), before);
}

// What a prevResult says is believed only while name, kind and MAC agree.
TEST_F(BridgeDel, NeverHurtsAnotherContainer) {
    const ScriptedIpam ipam;
    used_host(ipam);
    const TestNetns other("other"), c("c1");
    ipam.answer(ipam_result({"10.1.2.3/24", "fd00:1:2::3/64"}));
    add(other, full());
    const Snapshot before = host_snapshot();
    ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
    json result = add(c, full());
    // A stale record: the name was the other's, the MAC never was.
    c.output_of({"ip", "link", "delete", "eth0"});
    result["interfaces"][1]["name"] = "cni0";
    result["interfaces"][0]["name"] = "cni0";
    const PluginRun run = call("DEL", args(c), with_prev_result(full(), result));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_TRUE(ping(other.netns(), "10.1.2.1"));
}

TEST_F(BridgeDel, OfOneInterfaceLeavesTheOtherOfTheContainer) {
    const ScriptedIpam ipam;
    used_host(ipam);
    const Outside outside;
    const TestNetns c("c1");
    ipam.answer(ipam_result({"10.1.2.2/24"}, {{"routes", {{{"dst", "0.0.0.0/0"}}}}}));
    add(c, full());
    const Snapshot before = host_snapshot();
    ipam.answer(ipam_result({"10.1.2.3/24"}));
    add(c, full(), "net1");
    del(c, full(), "net1");
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_TRUE(ping(c.netns(), outside.address()));
}

TEST_F(BridgeDel, GoesOnWhenIpamFailsAndSaysSo) {
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    add(c, full());
    ipam.on("DEL", "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    const PluginRun run = call("DEL", args(c), full());
    EXPECT_EQ(run.error_code(), 100);
    EXPECT_EQ(run.error_message(), "store is broken");
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(BridgeDel, ReleasesAddressesAfterTheInterfaceIsGone) {
    const ScriptedIpam ipam;
    used_host(ipam);
    const TestNetns c("c1");
    const json result = add(c, full());
    ipam.on("DEL", cat("ip link show ", port_of(result), " >&2"));
    const PluginRun run = call("DEL", args(c), full());
    EXPECT_FALSE(run.ok()) << "the port was still there";
    EXPECT_NE(run.error_message().find("does not exist"), std::string::npos) << run.report();
}

TEST_F(BridgeDel, AttachmentsOfTheReferencePluginAndTheReverse) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const ScriptedIpam ipam;
    const Snapshot before = used_host(ipam);
    const TestNetns c("c1");
    PluginArgs reference = args(c);
    reference.executables = *reference_dir();
    // That version masquerades through iptables, whose rules are not looked at here.
    const json config = full({{"ipMasq", false}});
    PluginRun run = call("ADD", reference, config);
    ASSERT_TRUE(run.ok()) << run.report();
    expect_deleted(args(c), with_prev_result(config, run.json()), before);

    run = call("ADD", reference, config);
    ASSERT_TRUE(run.ok()) << run.report();
    PluginArgs without_netns = args(c);
    without_netns.netns = "";
    expect_deleted(without_netns, with_prev_result(config, run.json()), before);

    const json ours = add(c, config);
    run = call("DEL", reference, with_prev_result(config, ours));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(host_snapshot(), before);
}

}  // namespace
}  // namespace cni::test
