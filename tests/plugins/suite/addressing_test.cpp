// Addresses and routes that are at a limit, of both plugins that give them: they work and CHECK
// agrees, or an error names them and says what is wrong.
#include <gmock/gmock.h>

#include "support/ptp_fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Addressing : public SandboxTest,
                   protected BridgeCalls,
                   public ::testing::WithParamInterface<const char*> {
protected:
    static json network(const json& keys = json::object()) {
        json config = layer3({{"type", GetParam()}});
        config.merge_patch(keys);
        return config;
    }
    /// static with one address and, where that is not "", its gateway.
    static json fixed(const std::string& address, const std::string& gateway,
                      const json& keys = json::object()) {
        json config = {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", GetParam()}};
        config["ipam"] = {{"type", "static"}, {"addresses", {{{"address", address}}}}};
        if (!gateway.empty()) config["ipam"]["addresses"][0]["gateway"] = gateway;
        config.merge_patch(keys);
        return config;
    }
    static PluginRun call(const std::string& command, const TestNetns& container,
                          const json& config) {
        return run_plugin(GetParam(), command, args(container), config.dump());
    }
    static void expect_added_and_checked(const TestNetns& container, json config) {
        const PluginRun added = call("ADD", container, config);
        ASSERT_TRUE(added.ok()) << config << added.report();
        if (config["cniVersion"] < "0.4.0") return;
        config["prevResult"] = added.json();
        const PluginRun checked = call("CHECK", container, config);
        EXPECT_TRUE(checked.ok()) << config << checked.report();
    }
    /// ADD fails so, leaving nothing.
    static void expect_refused(const json& config, const std::string& address,
                               const std::string& reason) {
        const TestNetns c("c1");
        const PluginRun run = call("ADD", c, config);
        EXPECT_EQ(run.error_code(), 999) << config << run.report();
        EXPECT_THAT(run.error_message(), AllOf(HasSubstr(address), HasSubstr(reason)));
        EXPECT_THAT(run.out, Not(AnyOf(HasSubstr("std::"), HasSubstr("No such file"))));
        EXPECT_TRUE(link(c, "eth0").is_null());
    }
    static bool is_bridge() { return GetParam() == std::string("bridge"); }
    static void write(const std::string& key, const std::string& value) {
        output_of({"sh", "-c", cat("echo ", value, " > /proc/sys/", key)});
    }
};

INSTANTIATE_TEST_SUITE_P(Plugins, Addressing, ::testing::Values("bridge", "ptp"),
                         [](const auto& plugin) { return std::string(plugin.param); });

TEST_P(Addressing, RoutesMayBeWrittenAsAnAddressOfTheirs) {
    const json ipam = {{"type", "host-local"},
                       {"ranges", {{{{"subnet", "10.1.2.0/24"}}}, {{{"subnet", "fd00:1:2::/64"}}}}},
                       {"routes",
                        {{{"dst", "0.0.0.0/0"}},
                         {{"dst", "fd00:1:2::1/64"}},
                         {{"dst", "2001:db8:200::1/48"}},
                         {{"dst", "::1/0"}}}}};
    for (const char* version : {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        expect_added_and_checked(c, network({{"cniVersion", version}, {"ipam", ipam}}));
        for (const char* route : {"2001:db8:200::/48", "::/0"})
            EXPECT_NE(c.output_of({"ip", "-6", "route", "show", route, "dev", "eth0"}), "")
                << route << " at " << version;
    }
}

TEST_P(Addressing, APrefixLengthOfZeroWorksWhereTheGatewayIsNamed) {
    for (const auto& [address, gateway] : std::vector<std::pair<std::string, std::string>>{
             {"10.0.0.5/0", "10.0.0.1"}, {"2001:db8::5/0", "2001:db8::1"}}) {
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        json config = fixed(address, gateway);
        config["ipMasq"] = true;
        expect_added_and_checked(c, config);
        EXPECT_EQ(addresses(c), std::vector<std::string>{address});
        const bool is_neighbour = is_bridge();  // who would have to be there
        EXPECT_TRUE(is_neighbour || ping(c.netns(), gateway));
    }
}

TEST_P(Addressing, APrefixLengthOfZeroTellsNoGateway) {
    for (const char* address : {"10.0.0.5/0", "2001:db8::5/0"}) {
        ASSERT_FALSE(enter_sandbox());
        if (!is_bridge()) {
            expect_refused(fixed(address, ""), address, "has no gateway");
            continue;
        }
        const TestNetns c("c2");
        expect_added_and_checked(c, fixed(address, ""));
        expect_refused(fixed(address, "", {{"isGateway", true}}), address, "prefix length 0");
    }
}

TEST_P(Addressing, ALinkWithALittleMtuHasNoIpv6) {
    expect_refused(network({{"mtu", 1279}}), "fd00:1:2::2/64",
                   "its MTU of 1279 bytes is below 1280");
    const TestNetns c("c1");
    expect_added_and_checked(c, network({{"mtu", 1280}}));
}

TEST_P(Addressing, ALinkOfTheHostMayHaveIpv6Disabled) {
    write("net/ipv6/conf/default/disable_ipv6", "1");
    expect_refused(network(), "fd00:1:2::1/", "IPv6 is disabled on it");
}

// Another network's port may have lowered its MTU.
TEST_F(PtpTest, ABridgeWithALittleMtuHasNoIpv6) {
    const TestNetns c("c1"), d("d1");
    EXPECT_TRUE(BridgeCalls::call("ADD", args(c), layer2({{"mtu", 1000}})).ok());
    const PluginRun run = BridgeCalls::call("ADD", args(d), layer3());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), AllOf(HasSubstr("fd00:1:2::1/64"), HasSubstr("\"cni0\""),
                                           HasSubstr("its MTU of 1000 bytes is below 1280")));
}

}  // namespace
}  // namespace cni::test
