// STATUS says whether an ADD could work, and changes nothing.
#include <gtest/gtest.h>

#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

class BridgeStatus : public BridgeTest {
protected:
    static json current(json config) {
        config["cniVersion"] = "1.1.0";
        return config;
    }
    static PluginRun status(const json& config) {
        PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
        none.path = cat(bin_dir(), ":", ScriptedIpam::dir);
        return call("STATUS", none, current(config));
    }
};

TEST_F(BridgeStatus, IsFineAndLeavesNoTrace) {
    const Snapshot before = host_snapshot();
    for (const json& config : {layer2(), layer3({{"ipMasq", true}, {"macspoofchk", true}}),
                               layer2({{"hairpinMode", true}, {"mtu", 1400}}),
                               layer2({{"promiscMode", true}, {"portIsolation", true}})}) {
        const PluginRun run = status(config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
    const Snapshot after = host_snapshot();
    EXPECT_EQ(after.links, before.links);
    EXPECT_EQ(after.nftables, before.nftables);
}

TEST_F(BridgeStatus, IsFineBesideRunningContainers) {
    const TestNetns c("c1");
    add(c, layer3({{"ipMasq", true}, {"macspoofchk", true}}));
    const Snapshot before = host_snapshot();
    EXPECT_TRUE(status(layer3({{"ipMasq", true}, {"macspoofchk", true}})).ok());
    EXPECT_EQ(host_snapshot().links, before.links);
    EXPECT_EQ(host_snapshot().nftables, before.nftables);
}

TEST_F(BridgeStatus, NamesABridgeThatIsNone) {
    const PluginRun run = status(layer2({{"bridge", "lo"}}));
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_EQ(run.error_message(), "\"lo\" already exists but is not a bridge");
}

TEST_F(BridgeStatus, PassesOnWhatIpamSays) {
    const ScriptedIpam ipam;
    EXPECT_TRUE(status(scripted()).ok());
    EXPECT_EQ(ipam.calls().back(), "STATUS  ");
    ipam.on("STATUS", "echo '{\"code\": 51, \"msg\": \"nearly full\"}'; exit 1");
    const PluginRun run = status(scripted());
    EXPECT_EQ(run.error_code(), 51);
    EXPECT_EQ(run.error_message(), "nearly full");
}

TEST_F(BridgeStatus, RefusesAWrongConfiguration) {
    EXPECT_EQ(status(layer2({{"vlan", 5000}})).error_code(), 7);
    EXPECT_EQ(status(layer2({{"hairpinMode", true}, {"promiscMode", true}})).error_code(), 7);
    PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    EXPECT_EQ(call("STATUS", none, layer2()).error_code(), 1) << "no STATUS before 1.1.0";
}

TEST_F(BridgeStatus, NamesWhatTheKernelLacks) {
    const Finished probe =
        run({.argv = {"ip", "link", "add", "probe", "type", "bridge", "vlan_filtering", "1"}});
    if (probe.ok()) GTEST_SKIP() << "this kernel lacks nothing";
    const PluginRun run = status(layer2({{"vlan", 5}}));
    EXPECT_EQ(run.error_code(), 50) << run.report();
    EXPECT_NE(run.error_message().find("the kernel lacks what the configuration needs"),
              std::string::npos);
}

}  // namespace
}  // namespace cni::test
