// CHECK and STATUS; attachments that the reference plugin made, or finds.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VmVlanCheck : public VmVlanTest {
protected:
    /// CHECK, content before, notices what a shell command on the host does to the container.
    void expect_noticed(const std::string& command, const std::string& message) const {
        SCOPED_TRACE(command);
        const TestNetns c("c1");
        const json result = add(c, network());
        expect_sound(c, network(), result);
        shell(command);
        expect_noticed(c, network(), result, message);
        del(c, network());
    }
    void expect_noticed(const TestNetns& c, const json& config, const json& result,
                        const std::string& message) const {
        const PluginRun run = check(c, config, result);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_EQ(run.error_message(), message);
    }
};

TEST_F(VmVlanCheck, NoticesAnotherIdProtocolAndMaster) {
    const std::string replace =
        "ip -n c1 link delete eth0; ip link add link uplink name eth0 netns "
        "c1 type vlan ";
    expect_noticed(cat(replace, "id 6"), "interface eth0 has the VLAN ID 6 instead of 5");
    expect_noticed(cat(replace, "proto 802.1ad id 5"),
                   "interface eth0 has the VLAN protocol 802.1ad instead of 802.1Q");
    shell(cat("ip link add m1 up address ", link("uplink")["address"].get<std::string>(),
              " type veth peer name wire"));
    expect_noticed(
        "ip -n c1 link delete eth0; ip link add link m1 name eth0 netns c1 type vlan id 5",
        "interface eth0 is on m1 instead of uplink");
}

TEST_F(VmVlanCheck, NoticesAnotherConfiguration) {
    shell("ip link add m1 up type veth peer name wire");
    const TestNetns c("c1");
    const json result = add(c, network());
    expect_noticed(c, network({{"vlanId", 6}}), result,
                   "interface eth0 has the VLAN ID 5 instead of 6");
    expect_noticed(c, network({{"protocol", "802.1ad"}}), result,
                   "interface eth0 has the VLAN protocol 802.1Q instead of 802.1ad");
    expect_noticed(c, network({{"master", "m1"}}), result,
                   "interface eth0 is on uplink instead of m1");
    expect_noticed(c, network({{"master", "m9"}}), result,
                   "failed to lookup master \"m9\": Link not found");
    expect_noticed(c, network({{"mtu", 1400}}), result,
                   "interface eth0 has an MTU of 1500 bytes instead of 1400");
}

TEST_F(VmVlanCheck, StatusTriesWhatAddWouldMake) {
    for (const json& keys :
         std::vector<json>{json::object(),
                           {{"mtu", 1400}, {"vlanId", 4094}, {"protocol", "802.1ad"}},
                           {{"master", "nobody-knows"}, {"linkInContainer", true}}}) {
        const PluginRun run = call("STATUS", network(keys));
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
}

class VmVlanSwitchover : public VmVlanTest {
protected:
    void SetUp() override {
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
        VmVlanTest::SetUp();
    }
    bool has_interface(const TestNetns& c) const { return !link(c, "eth0").is_null(); }
};

TEST_F(VmVlanSwitchover, WhatTheReferencePluginMadeIsCheckedAndDeleted) {
    for (const json& config : {network(), network({{"mtu", 1400}})}) {
        const TestNetns c("c1");
        const PluginRun run = reference("ADD", c, config);
        ASSERT_TRUE(run.ok()) << run.report();
        expect_sound(c, config, run.json());
        EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
        del(c, recorded(config, run.json()));
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
    }
}

TEST_F(VmVlanSwitchover, TheReferencePluginChecksAndDeletesWhatIsMadeHere) {
    for (const json& config : {network(), network({{"mtu", 1400}})}) {
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

TEST_F(VmVlanSwitchover, BothMakeTheSame) {
    const TestNetns ours("c1"), theirs("c2");
    const json result = add(ours, network()), made = link(ours, "eth0");
    del(ours, network());
    const PluginRun run = reference("ADD", theirs, network());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json()["interfaces"][0]["mac"], result["interfaces"][0]["mac"]);
    EXPECT_EQ(run.json()["routes"], result["routes"]);
    const json other = link(theirs, "eth0");
    for (const char* key : {"mtu", "address", "flags", "linkinfo"})
        EXPECT_EQ(other[key], made[key]) << key;
}

// Who has the id is said of what that plugin has left as well: its link has no alias.
TEST_F(VmVlanSwitchover, AnIdThatTheReferencePluginUsesIsExplained) {
    const TestNetns theirs("c1"), ours("c2");
    ASSERT_TRUE(reference("ADD", theirs, network()).ok());
    const PluginRun run = call("ADD", ours, network());
    EXPECT_THAT(run.json()["details"].get<std::string>(),
                HasSubstr("is used by eth0 in /run/netns/c1: "));
}

}  // namespace
}  // namespace cni::test
