// What is refused before the kernel is asked for anything, and what a kernel without ipvlan makes
// of it.
#include <gmock/gmock.h>

#include "support/uplink_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class IpvlanConfig : public SandboxTest, protected UplinkCalls {
protected:
    IpvlanConfig() : UplinkCalls("ipvlan") {}
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) shell("ip link add uplink up type veth peer name wire");
    }
    /// Behind a plugin with this result, which decides.
    json chained(const json& interfaces, const json& keys = json::object()) const {
        json config = network({{"ipam", nullptr}, {"master", nullptr}});
        config["prevResult"] = {{"cniVersion", "1.0.0"},
                                {"interfaces", interfaces},
                                {"ips", {{{"address", "10.5.5.5/24"}}}}};
        config.merge_patch(keys);
        return config;
    }
};

TEST_F(IpvlanConfig, IsRefusedByName) {
    const std::vector<std::pair<json, std::string>> cases = {
        {{{"mode", "l4"}}, "unknown ipvlan mode: \"l4\""},
        {{{"isolation", "none"}}, "unknown ipvlan isolation: \"none\""},
        {{{"isolation", true}}, "\"isolation\" must be a string, not a bool"},
        {{{"mtu", 1501}}, "invalid MTU 1501, must be [0, master MTU(1500)]"},
        {{{"mtu", "x"}}, "\"mtu\" must be an integer, not a string"},
        {{{"master", "a/b"}}, "invalid interface name \"a/b\""},
        {{{"linkInContainer", 1}}, "\"linkInContainer\" must be true or false, not a number"},
        {{{"ipam", nullptr}}, "no plugin name provided"},
    };
    for (const auto& [keys, message] : cases) expect_refused(network(keys), 7, message);
}

TEST_F(IpvlanConfig, NamesTheMasterThatIsMissing) {
    expect_refused(network({{"master", "m9"}}), 999,
                   "failed to lookup master \"m9\": Link not found");
    expect_refused(network({{"master", nullptr}}), 999, "no default route interface found");
    EXPECT_THAT(expect_refused(network({{"linkInContainer", true}}), 999,
                               "failed to lookup master \"uplink\": Link not found"),
                HasSubstr("in the container"));
}

TEST_F(IpvlanConfig, InAListTheMasterIsTheOneInterfaceThatAPluginBeforeNames) {
    const std::string lack = "chained master failure. PrevResult lacks a single named interface";
    expect_refused(chained(json::array()), 7, lack);
    EXPECT_THAT(expect_refused(chained({{{"name", "m0"}}, {{"name", "m1"}}}), 7, lack),
                HasSubstr("it names 2: say which with \"master\""));
    expect_refused(chained({{{"name", "m0"}}}), 999,
                   "failed to lookup master \"m0\": Link not found");
    json none = chained({{{"name", "uplink"}}});
    none["prevResult"]["ips"] = json::array();
    EXPECT_THAT(expect_refused(none, 7, "no plugin name provided"),
                HasSubstr("the addresses of a plugin before it"));
}

TEST_F(IpvlanConfig, StatusNamesAMasterThatIsMissingOrDown) {
    const auto expect_unavailable = [&](const json& keys, const std::string& message) {
        const PluginRun run = call("STATUS", network(keys));
        EXPECT_EQ(run.error_code(), 50) << run.report();
        EXPECT_EQ(run.error_message(), message);
    };
    expect_unavailable({{"master", "m9"}}, "failed to lookup master \"m9\": Link not found");
    expect_unavailable({{"master", nullptr}}, "no default route interface found");
    EXPECT_EQ(call("STATUS", network({{"mtu", 9000}})).error_code(), 7);
    shell("ip link set uplink down");
    expect_unavailable(json::object(), "master uplink is down");
}

TEST_F(IpvlanConfig, AKernelThatLacksItIsToldWhat) {
    const TestNetns c("probe");
    const Finished probe = run({.argv = {"ip", "link", "add", "link", "uplink", "name", "eth0",
                                         "netns", "probe", "type", "ipvlan"}});
    if (probe.ok()) GTEST_SKIP() << "this kernel has ipvlan";
    EXPECT_THAT(expect_refused(network(), 999,
                               "failed to create ipvlan eth0 on uplink: Operation not supported"),
                HasSubstr("it lacks the module ipvlan"));
}

}  // namespace
}  // namespace cni::test
