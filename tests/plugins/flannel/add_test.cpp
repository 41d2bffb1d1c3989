// What the delegate is given, and what becomes of its answer.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const nlohmann::json boring_route = {{"dst", "192.168.0.0/16"}, {"gw", "10.1.17.254"}};

class FlannelAdd : public FlannelTest {};
class FlannelDelegate : public FlannelSpy {};

TEST_F(FlannelAdd, TheDelegateIsBridge) {
    const TestNetns one("c1"), two("c2");
    const json result = add(one, network());
    add(two, network());
    EXPECT_EQ(addresses(one), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_EQ(link("cni0")["mtu"], 1450);
    EXPECT_EQ(addresses("cni0"), (std::vector<std::string>{"10.1.2.1/24", "fd00:1:2::1/64"}));
    EXPECT_TRUE(ping(two.netns(), address_of(result, '4')));
    EXPECT_TRUE(ping(two.netns(), address_of(result, '6')));
    EXPECT_THAT(one.output_of({"ip", "route"}), HasSubstr("10.1.0.0/16 via 10.1.2.1"));
    EXPECT_EQ(ruleset(), "") << "the daemon masquerades";
    for (const TestNetns* each : {&one, &two}) del(*each, network());
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_TRUE(link(one, "eth0").is_null());
}

TEST_F(FlannelAdd, AnyPluginMayBeTheDelegate) {
    const TestNetns c("c1");
    const json ptp = network({{"delegate", {{"type", "ptp"}}}});
    const json result = add(c, ptp);
    EXPECT_EQ(result["ips"][0]["address"], "10.1.2.2/24");
    EXPECT_TRUE(link("cni0").is_null());
    EXPECT_TRUE(flannel("CHECK", c, recorded(ptp, result)).ok());
    del(c, ptp);
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
}

// The ranges are those of the daemon's file.
TEST_F(FlannelAdd, WhoGetsWhichAddressMayBeConfigured) {
    const TestNetns one("c1"), two("c2");
    const json config = network({{"ipam",
                                  {{"exclude", {"10.1.2.2", "fd00:1:2::/125"}},
                                   {"sticky", "containerID"},
                                   {"strategy", "lowest"}}}});
    const std::vector<std::string> given = {"10.1.2.3/24", "fd00:1:2::8/64"};
    add(one, config);
    EXPECT_EQ(addresses(one), given);
    add(two, config);
    del(two, config);
    del(one, config);
    add(two, config);
    EXPECT_EQ(addresses(two), (std::vector<std::string>{"10.1.2.4/24", "fd00:1:2::9/64"}));
    add(one, config);
    EXPECT_EQ(addresses(one), given);
}

TEST_F(FlannelAdd, WhoeverDoesNotMasqueradeHasTheDelegateDoIt) {
    write_subnets(subnets(2, "false"));
    const TestNetns c("c1");
    add(c, network());
    EXPECT_THAT(ruleset(), HasSubstr("masquerade"));
    del(c, network());
    EXPECT_THAT(ruleset(), Not(HasSubstr("10.1.2.")));
}

TEST_F(FlannelDelegate, GetsTheDefaults) {
    write_subnets(
        "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\n"
        "FLANNEL_IPMASQ=true\n");
    spies_.emplace(std::vector<std::string>{"bridge"});
    expect_ok(call("ADD", network({{"cniVersion", "1.0.0"}, {"name", "mynet"}})));
    // As captured of the reference plugin.
    EXPECT_EQ(spies_->calls().at(0).input,
              R"({"cniVersion":"1.0.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":)"
              R"("10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},)"
              R"("isGateway":true,"mtu":1472,"name":"mynet","type":"bridge"})");
}

TEST_F(FlannelDelegate, GetsWhatTheConfigurationSays) {
    write_subnets(
        "FLANNEL_NETWORK=10.1.0.0/16,10.2.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\n"
        "FLANNEL_IPV6_NETWORK=2001:db8::/48\nFLANNEL_IPV6_SUBNET=2001:db8:0:1::1/64\n"
        "FLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n");
    expect_ok(call(
        "ADD", {{"cniVersion", "1.0.0"},
                {"name", "mynet"},
                {"type", "flannel"},
                {"delegate", {{"type", "spy"}, {"foo", 1}, {"mtu", 1400}}},
                {"ipam", {{"routes", {boring_route}}, {"dataDir", "/x"}, {"subnet", "9.9.9.0/24"}}},
                {"runtimeConfig", {{"portMappings", {{{"hostPort", 1}}}}}},
                {"ipMasq", false},
                {"dns", {{"nameservers", {"10.0.0.1"}}}},
                {"capabilities", {{"portMappings", true}}}}));
    // As captured of the reference plugin.
    EXPECT_EQ(spies_->calls().at(0).input,
              R"({"cniVersion":"1.0.0","foo":1,"ipMasq":true,"ipam":{"dataDir":"/x","ranges":)"
              R"([[{"subnet":"10.1.17.0/24"}],[{"subnet":"2001:db8:0:1::/64"}]],"routes":)"
              R"([{"dst":"192.168.0.0/16","gw":"10.1.17.254"},{"dst":"10.1.0.0/16"},)"
              R"({"dst":"10.2.0.0/16"},{"dst":"2001:db8::/48"}],"subnet":"9.9.9.0/24","type":)"
              R"("host-local"},"mtu":1400,"name":"mynet","runtimeConfig":{"portMappings":)"
              R"([{"hostPort":1}]},"type":"spy"})");
}

TEST_F(FlannelDelegate, IsCalledForTheSameContainerWithoutAWord) {
    const PluginRun run = call("ADD", spied());
    expect_ok(run);
    EXPECT_EQ(run.err, "");
    const RecordedCall called = spies_->calls().at(0);
    EXPECT_EQ(called.name(), "spy ADD");
    EXPECT_EQ(called.container_id, "c1");
    EXPECT_EQ(called.ifname, "eth0");
    EXPECT_EQ(called.netns, container_->path());
}

TEST_F(FlannelDelegate, SaysTheResult) {
    spies_->answer("spy", "ADD",
                   R"({"cniVersion": "0.4.0", "ips": [{"version": "4", "address": "10.1.2.9/24"}],
                       "dns": {"domain": "x"}})");
    const PluginRun run = call("ADD", spied());
    expect_ok(run);
    EXPECT_EQ(run.json(), json::parse(R"({"cniVersion": "1.1.0", "dns": {"domain": "x"},
                                          "ips": [{"address": "10.1.2.9/24"}]})"));
}

TEST_F(FlannelDelegate, WhatItReportsIsPassedOnAndItsDelRun) {
    spies_->fail("spy", "ADD", R"({"code": 123, "msg": "spy says no", "details": "d"})");
    const PluginRun run = call("ADD", spied());
    EXPECT_EQ(run.error_code(), 123);
    EXPECT_EQ(run.error_message(), "spy says no");
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy DEL"));
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(FlannelDelegate, AResultThatIsNoneIsUndone) {
    spies_->answer("spy", "ADD", "junk");
    const PluginRun run = call("ADD", spied());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.out, HasSubstr("printed by plugin \\\"spy\\\""));
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy DEL"));
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(FlannelDelegate, WhatCannotBeUndoneIsLeftToDel) {
    spies_->fail("spy", "ADD", R"({"code": 123, "msg": "spy says no"})");
    spies_->fail("spy", "DEL", R"({"code": 7, "msg": "nor now"})");
    const PluginRun run = call("ADD", spied());
    EXPECT_EQ(run.error_message(), "spy says no");
    EXPECT_THAT(run.err, HasSubstr("nor now"));
    EXPECT_THAT(records(), ElementsAre("c1"));
    spies_->succeed("spy", "DEL");
    calls();
    expect_ok(call("DEL", spied({{"delegate", {{"type", "other"}}}})));
    EXPECT_THAT(calls(), ElementsAre("spy DEL"));
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(FlannelDelegate, ASecondAddThatFailsLeavesTheFirstAlone) {
    expect_ok(call("ADD", spied()));
    const std::string before = record("c1");
    spies_->fail("other", "ADD", R"({"code": 123, "msg": "eth0 is there"})");
    EXPECT_EQ(call("ADD", spied({{"delegate", {{"type", "other"}}}})).error_code(), 123);
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "other ADD"));
    EXPECT_EQ(record("c1"), before);
}

TEST_F(FlannelDelegate, IsSoughtBeforeAnythingIsWritten) {
    const PluginRun run = call("ADD", spied({{"delegate", {{"type", "none"}}}}));
    EXPECT_THAT(run.error_message(), HasSubstr("failed to find plugin \"none\""));
    EXPECT_FALSE(std::filesystem::exists(data_dir));
    expect_ok(call("DEL", spied({{"delegate", {{"type", "none"}}}})));
}

TEST_F(FlannelDelegate, IsNotCalledWithAConfigurationThatIsWrong) {
    const std::pair<json, const char*> wrong[] = {
        {{{"delegate", {{"type", 5}}}},
         "'delegate' dictionary, if present, must have (string) 'type' field"},
        {{{"delegate", {{"name", "x"}}}},
         "'delegate' dictionary must not have 'name' field, it'll be set by flannel"},
        {{{"delegate", {{"ipam", json::object()}}}},
         "'delegate' dictionary must not have 'ipam' field, it'll be set by flannel"},
        {{{"delegate", {{"type", "flannel"}}}}, "flannel cannot delegate to \"flannel\""},
        {{{"delegate", {{"type", "../spy"}}}}, "flannel cannot delegate to \"../spy\""},
        {{{"delegate", 5}}, "\"delegate\" must be an object, not a number"},
        {{{"ipam", {{"routes", {{{"dst", "x"}}}}}}}, "invalid CIDR address: x"},
        {{{"subnetFileWait", 61}}, "\"subnetFileWait\" must be between 0 and 60"},
        {{{"subnetFile", 5}}, "\"subnetFile\" must be a string, not a number"}};
    for (const auto& [keys, message] : wrong)
        for (const char* command : {"ADD", "CHECK", "STATUS"}) {
            json config = spied();
            if (keys.contains("delegate")) config.erase("delegate");
            config.merge_patch(keys);
            const PluginRun run = call(command, config);
            EXPECT_EQ(run.error_code(), 7) << command << run.report();
            EXPECT_EQ(run.error_message(), message) << command;
        }
    EXPECT_THAT(calls(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
