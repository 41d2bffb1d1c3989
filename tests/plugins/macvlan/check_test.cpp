// CHECK passes on what ADD made and names whatever was changed since; STATUS tells what would fail.
#include "fixture.h"

namespace cni::test {
namespace {

class MacvlanCheck : public MacvlanTest {
protected:
    static constexpr const char* mac = "02:00:00:00:00:09";
    json full() const {
        return network({{"cniVersion", "1.1.0"},
                        {"mtu", 1400},
                        {"mac", mac},
                        {"mode", "vepa"},
                        {"bcqueuelen", 2000}});
    }
    json full(const json& keys) const {
        json config = full();
        config.merge_patch(keys);
        return config;
    }
};

TEST_F(MacvlanCheck, NoticesChangesInTheContainer) {
    expect_noticed(full(), "ip link set eth0 down", "Interface eth0 is down");
    expect_noticed(full(), "ip link delete eth0",
                   "Container Interface name in prevResult: eth0 not found");
    expect_noticed(full(), "ip link set eth0 address 02:00:00:00:00:08",
                   "Interface eth0 Mac 02:00:00:00:00:09 doesn't match container Mac: "
                   "02:00:00:00:00:08");
    expect_noticed(full(), "ip link set eth0 mtu 1300",
                   "interface eth0 has an MTU of 1300 bytes instead of 1400");
    expect_noticed(full(), "ip link set eth0 type macvlan mode private",
                   "container macvlan mode private does not match expected value: vepa");
    expect_noticed(full(), "ip link set eth0 type macvlan bcqueuelen 3000",
                   "container macvlan bcqueuelen 3000 does not match expected value: 2000");
    expect_noticed(full(), "ip -4 address flush dev eth0", "Failed to match addr 10.1.2.");
    expect_noticed(full(), "ip -6 address flush dev eth0", "Failed to match addr fd00:1:2::");
    expect_noticed(full(), "ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed(full(), "ip -6 route delete default", "Expected Route ::/0");
}

TEST_F(MacvlanCheck, NoticesAnotherInterfaceUnderTheName) {
    const TestNetns c("c1");
    const json result = add(c, full());
    shell(c, cat("ip link delete eth0; ip link add eth0 address ", mac, " type veth peer name x"));
    expect_fault(c, full(), result, "Error: Container interface eth0 not of type macvlan");
}

TEST_F(MacvlanCheck, NamesTheMasterThatItIsOn) {
    const TestNetns c("c1");
    shell("ip link add other up type veth peer name x");
    const json result = add(c, full());
    expect_fault(c, full({{"master", "other"}}), result,
                 "interface eth0 is on uplink instead of other");
    expect_fault(c, full({{"master", "m9"}}), result,
                 "failed to lookup master \"m9\": Link not found");
    expect_fault(c, full({{"master", nullptr}}), result, "no default route interface found");
    shell("ip route add default via 10.1.2.1 dev uplink");
    expect_sound(c, network({{"cniVersion", "1.1.0"}, {"mode", "vepa"}, {"master", nullptr}}),
                 result);
    shell("ip -n c1 link add uplink type bridge");
    expect_fault(c, full({{"linkInContainer", true}}), result,
                 "interface eth0 is on uplink instead of uplink");
}

TEST_F(MacvlanCheck, NoticesWhatIsConfiguredOtherwise) {
    const TestNetns c("c1");
    const json result = add(c, full());
    expect_fault(c, full({{"mode", nullptr}}), result,
                 "container macvlan mode vepa does not match expected value: bridge");
    json silent = result;
    silent["interfaces"][0].erase("mtu");
    expect_fault(c, full({{"mtu", 1300}}), silent,
                 "interface eth0 has an MTU of 1400 bytes instead of 1300");
    json elsewhere = result;
    elsewhere["interfaces"][0]["sandbox"] = "/run/netns/other";
    expect_fault(c, full(), elsewhere, "Sandbox in prevResult doesn't match configured netns: ");
}

TEST_F(MacvlanCheck, IsSilentAboutWhatIsLeftToTheKernel) {
    const TestNetns c("c1");
    const json config = network();
    const json result = add(c, config);
    shell("ip link set uplink mtu 1400");
    EXPECT_EQ(link(c, "eth0")["mtu"], 1400);
    expect_sound(c, config, result);
}

TEST_F(MacvlanCheck, TakesWhatTuningHasMadeOfIt) {
    const TestNetns c("c1");
    const json tuning = {{"cniVersion", "1.1.0"},
                         {"name", "net1"},
                         {"type", "tuning"},
                         {"mtu", 1300},
                         {"mac", "02:00:00:00:00:07"}};
    const json before = add(c, full());
    const PluginRun run = run_plugin("tuning", "ADD", args(c), recorded(tuning, before).dump());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(link(c, "eth0")["mtu"], 1300);
    expect_sound(c, full(), run.json());
}

TEST_F(MacvlanCheck, AsksIpam) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    ipam.on("CHECK", "echo '{\"code\": 100, \"msg\": \"lease is gone\"}'; exit 1");
    EXPECT_EQ(check(c, scripted(), result).error_message(), "lease is gone");
}

class MacvlanStatus : public MacvlanTest {};

TEST_F(MacvlanStatus, IsFineAndLeavesNoTrace) {
    const Snapshot before = host_snapshot();
    for (const json& config :
         {network({{"mtu", 1400}, {"bcqueuelen", 2000}}), layer2_network({{"mode", "passthru"}}),
          network({{"master", nullptr}, {"linkInContainer", true}})}) {
        const PluginRun run = call("STATUS", config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(MacvlanStatus, NamesAMasterThatIsMissingOrDown) {
    const auto expect_unavailable = [&](const json& keys, const std::string& message) {
        const PluginRun run = call("STATUS", network(keys));
        EXPECT_EQ(run.error_code(), 50) << run.report();
        EXPECT_EQ(run.error_message(), message);
    };
    expect_unavailable({{"master", "m9"}}, "failed to lookup master \"m9\": Link not found");
    expect_unavailable({{"master", nullptr}}, "no default route interface found");
    shell("ip link set uplink down");
    expect_unavailable(json::object(), "master uplink is down");
}

TEST_F(MacvlanStatus, RefusesAWrongConfiguration) {
    EXPECT_EQ(call("STATUS", network({{"mode", "x"}})).error_code(), 7);
    const PluginRun run = call("STATUS", network({{"mtu", 9000}}));
    EXPECT_EQ(run.error_code(), 7);
    EXPECT_EQ(run.error_message(), "invalid MTU 9000, must be [0, master MTU(1500)]");
}

TEST_F(MacvlanStatus, PassesOnWhatIpamSays) {
    const ScriptedIpam ipam;
    EXPECT_TRUE(call("STATUS", scripted()).ok());
    EXPECT_EQ(ipam.calls().back(), "STATUS  ");
    ipam.on("STATUS", "echo '{\"code\": 51, \"msg\": \"nearly full\"}'; exit 1");
    const PluginRun run = call("STATUS", scripted());
    EXPECT_EQ(run.error_code(), 51);
    EXPECT_EQ(run.error_message(), "nearly full");
}

}  // namespace
}  // namespace cni::test
