// Nodes that go over to this suite, and back, while containers live: the plugins of the
// distribution with what the reference plugin saves, for that plugin itself is in no package.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FlannelSwitch : public FlannelTest {
protected:
    void SetUp() override {
        FlannelTest::SetUp();
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    }
    /// The bridge plugin of the distribution, as the reference plugin runs it.
    static PluginRun reference(const std::string& command, const TestNetns& c,
                               const std::string& config) {
        PluginArgs with = args(c);
        with.executables = *reference_dir();
        with.path = reference_dir();
        return run_plugin("bridge", command, with, config);
    }
    /// One family: their bridge waits for the other one.
    static void write_subnet() {
        write_subnets(
            "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.2.1/24\nFLANNEL_MTU=1450\n"
            "FLANNEL_IPMASQ=true\n");
    }
    static json old_network() { return network({{"cniVersion", "1.0.0"}}); }
    /// What the reference plugin would make of it.
    static constexpr const char* composed =
        R"({"cniVersion":"1.0.0","hairpinMode":true,"ipMasq":false,"ipam":{"ranges":[[{"subnet":)"
        R"("10.1.2.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":)"
        R"(true,"mtu":1450,"name":"net1","type":"bridge"})";
    /// Its ADD.
    static json add_by_reference(const TestNetns& c) {
        write_record(c.name(), composed);
        const PluginRun run = reference("ADD", c, composed);
        EXPECT_TRUE(run.ok()) << run.report();
        return run.json();
    }
};

TEST_F(FlannelSwitch, WhatTheReferencePluginMadeIsCheckedAndDeleted) {
    write_subnet();
    for (const bool has_subnets : {true, false}) {
        const TestNetns c("c1");
        write_subnet();
        const json result = add_by_reference(c);
        const PluginRun checked = flannel("CHECK", c, recorded(old_network(), result));
        EXPECT_TRUE(checked.ok()) << checked.report();
        if (!has_subnets) remove_subnets();
        for (int i = 0; i < 2; ++i) del(c, recorded(old_network(), result));
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_THAT(records(), IsEmpty());
    }
}

// Its file is of a container's last interface only.
TEST_F(FlannelSwitch, WhatTheReferencePluginForgotIsDeleted) {
    write_subnet();
    const TestNetns c("c1");
    const json result = add_by_reference(c);
    write_record("c1", R"({"cniVersion":"1.0.0","name":"net2","type":"bridge"})");
    del(c, recorded(old_network(), result));
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_THAT(records(), ElementsAre("c1"));
}

TEST_F(FlannelSwitch, TheReferencePluginDeletesWhatThisOneMade) {
    write_subnet();
    const TestNetns c("c1");
    add(c, network({{"cniVersion", "1.0.0"}, {"delegate", {{"hairpinMode", true}}}}));
    // That is where it looks, and all that it gives to its delegate.
    const PluginRun run = reference("DEL", c, record("c1"));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(FlannelSwitch, ItsDelegatesCanBeKept) {
    write_subnet();
    const TestNetns c("c1");
    PluginArgs with = args(c);
    with.path = reference_dir();
    const PluginRun run = flannel("ADD", with, old_network());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json()["ips"][0]["address"], "10.1.2.2/24");
    const PluginRun deleted = flannel("DEL", with, recorded(old_network(), run.json()));
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
