// What the vlan plugin refuses before it asks the kernel for an interface.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VlanErrors : public SandboxTest, protected VlanCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) shell("ip link add uplink up type veth peer name wire");
    }
    /// Each command that reads it says so.
    void expect_wrong(const json& keys, const std::string& message) const {
        const TestNetns c("c2");
        const json config = network(keys);
        expect_refused(config, 7, message);
        for (const PluginRun& run : {check(c, config, json::object()), call("STATUS", config)}) {
            EXPECT_EQ(run.error_code(), 7) << config << run.report();
            EXPECT_EQ(run.error_message(), message);
        }
    }
    void expect_status(const json& keys, int code, const std::string& message) const {
        const ScriptedIpam ipam;
        const PluginRun run = call("STATUS", scripted(keys));
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_EQ(run.error_message(), message);
    }
};

TEST_F(VlanErrors, NameTheKey) {
    const std::string no_master =
        "\"master\" field is required. It specifies the host interface name to create the VLAN for";
    expect_wrong({{"master", nullptr}}, no_master);
    expect_wrong({{"master", ""}}, no_master);
    expect_wrong({{"master", 5}}, "\"master\" must be a string, not a number");
    expect_wrong({{"master", "a/b"}}, "invalid interface name \"a/b\"");
    for (const int id : {-1, 4095, 1 << 20})
        expect_wrong({{"vlanId", id}},
                     cat("invalid VLAN ID ", id, " (must be between 0 and 4094)"));
    expect_wrong({{"vlanId", "5"}}, "\"vlanId\" must be an integer, not a string");
    expect_wrong({{"protocol", "802.1x"}}, "unknown VLAN protocol: \"802.1x\"");
    expect_wrong({{"protocol", 5}}, "\"protocol\" must be a string, not a number");
    expect_wrong({{"mtu", -1}}, "\"mtu\" must be between 0 and 65535");
    expect_wrong({{"mtu", 65536}}, "\"mtu\" must be between 0 and 65535");
    expect_wrong({{"linkInContainer", 1}},
                 "\"linkInContainer\" must be true or false, not a number");
    expect_wrong({{"ipam", nullptr}}, "no plugin name provided");
    expect_wrong({{"ipam", {{"type", ""}}}}, "no plugin name provided");
    expect_refused(network({{"dns", 5}}), 7, "\"dns\" must be an object, not a number");
}

TEST_F(VlanErrors, NameTheMasterThatIsMissing) {
    const std::string message = "failed to lookup master \"m9\": Link not found";
    expect_refused(network({{"master", "m9"}}), 999, message);
    expect_status({{"master", "m9"}}, 50, message);
    const std::string details =
        expect_refused(network({{"linkInContainer", true}}), 999,
                       "failed to lookup master \"uplink\": Link not found");
    EXPECT_EQ(details, "there is no such interface in the container");
}

TEST_F(VlanErrors, NameTheMasterThatIsDown) {
    shell("ip link set uplink down");
    const std::string details = expect_refused(network(), 999, "master uplink is down");
    EXPECT_EQ(details, "bring it up: ip link set uplink up");
    expect_status(json::object(), 50, "master uplink is down");
}

TEST_F(VlanErrors, NameTheLargestMtu) {
    const std::string message = "invalid MTU 1501, must be [0, master MTU(1500)]";
    expect_refused(network({{"mtu", 1501}}), 7, message);
    expect_status({{"mtu", 1501}}, 7, message);
}

TEST_F(VlanErrors, ComeBeforeAnAddressIsAllocated) {
    const ScriptedIpam ipam;
    const TestNetns c("c2");
    for (const json& keys : std::vector<json>{
             {{"master", "m9"}}, {{"mtu", 1501}}, {{"linkInContainer", true}}, {{"vlanId", 4095}}})
        EXPECT_FALSE(call("ADD", c, scripted(keys)).ok()) << keys;
    EXPECT_THAT(ipam.calls(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
