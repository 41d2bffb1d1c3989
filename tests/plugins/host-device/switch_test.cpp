// Nodes that go over to this suite, and back, while containers have their devices.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;

class HostDeviceSwitch : public HostDeviceTest {
protected:
    void SetUp() override {
        HostDeviceTest::SetUp();
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    }
    PluginRun reference(const std::string& command, const TestNetns& c, json config) const {
        return UplinkCalls::reference(command, c, std::move(config));
    }
    /// Of one family: the reference plugin waits for the other one.
    json config() const {
        return lending({{"ipam",
                         {{"ranges", {{{{"subnet", "10.1.2.0/24"}}}}},
                          {"routes", {{{"dst", "0.0.0.0/0"}}}}}}});
    }
};

TEST_F(HostDeviceSwitch, WhatTheReferencePluginLentIsCheckedAndTakenBack) {
    for (const json& keys : std::vector<json>{
             json::object(), {{"device", nullptr}, {"hwaddr", "02:00:00:00:00:05"}}}) {
        const TestNetns c("c1");
        json with = config();
        with.merge_patch(keys);
        const PluginRun run = reference("ADD", c, with);
        ASSERT_TRUE(run.ok()) << run.report();
        expect_sound(c, with, run.json());
        EXPECT_TRUE(ping(c.netns(), outside().address()));
        for (int i = 0; i < 2; ++i) del(c, with);
        EXPECT_EQ(device()["mtu"], 1450);
        EXPECT_FALSE(device().contains("ifalias"));
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_THAT(leases(), ::testing::IsEmpty());
    }
}

// It stays down then, and its record is of no account.
TEST_F(HostDeviceSwitch, TheReferencePluginTakesBackWhatThisOneLent) {
    const TestNetns c("c1");
    const json result = add(c, config());
    const PluginRun checked = reference("CHECK", c, recorded(config(), result));
    EXPECT_TRUE(checked.ok()) << checked.report();
    const PluginRun run = reference("DEL", c, config());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_FALSE(link("uplink").is_null());
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), ::testing::IsEmpty());
    const json again = add(c, config());
    expect_sound(c, config(), again);
    del(c, config());
    EXPECT_FALSE(link("uplink").is_null());
    EXPECT_THAT(records(), ::testing::IsEmpty());
}

TEST_F(HostDeviceSwitch, TheResultIsTheSame) {
    const TestNetns c("c1");
    const json ours = add(c, config());
    del(c, config());
    const PluginRun run = reference("ADD", c, config());
    ASSERT_TRUE(run.ok()) << run.report();
    json theirs = run.json();
    theirs["ips"] = ours["ips"];  // the next address
    for (json* each : {&theirs}) each->erase("dns");
    EXPECT_EQ(theirs, ours);
}

}  // namespace
}  // namespace cni::test
