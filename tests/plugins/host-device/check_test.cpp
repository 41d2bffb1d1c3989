// CHECK passes on what ADD made and names whatever was changed since; STATUS tells what would fail.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class HostDeviceCheck : public HostDeviceTest {
protected:
    /// CHECK, content before, says this once the commands were run in the container.
    void expect_noticed(const std::string& commands, const std::string& message) {
        SCOPED_TRACE(commands);
        enter_fresh_host();
        const TestNetns c("c1"), deep("deep");
        const json config = lending({{"cniVersion", "1.1.0"}}), result = add(c, config);
        expect_sound(c, config, result);
        shell(c, commands);
        const PluginRun run = check(c, config, result);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
    }
};

TEST_F(HostDeviceCheck, NoticesChanges) {
    expect_noticed("ip link set eth0 down", "Interface eth0 is down");
    expect_noticed("ip link set eth0 netns deep",
                   "Container Interface name in prevResult: eth0 not found");
    expect_noticed("ip link set eth0 address 02:00:00:00:00:09",
                   "Interface eth0 Mac 02:00:00:00:00:05 doesn't match container Mac: "
                   "02:00:00:00:00:09");
    expect_noticed("ip link set eth0 mtu 1400",
                   "interface eth0 has an MTU of 1400 bytes instead of 1450");
    expect_noticed(
        "ip link set eth0 netns deep; ip link add eth0 address 02:00:00:00:00:05 mtu 1450 type "
        "veth peer name x; ip link set eth0 alias uplink up",
        "interface eth0 is not uplink of the host");
    expect_noticed("ip address delete 10.1.2.2/24 dev eth0",
                   "Failed to match addr 10.1.2.2/24 on interface eth0");
    expect_noticed("ip address delete fd00:1:2::2/64 dev eth0",
                   "Failed to match addr fd00:1:2::2/64 on interface eth0");
    expect_noticed("ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed("ip -6 route delete default", "Expected Route ::/0");
}

TEST_F(HostDeviceCheck, WithoutARecordTheAliasHasToSayTheName) {
    const TestNetns c("c1");
    const json result = add(c, lending());
    forget_records();
    expect_sound(c, lending(), result);
    shell(c, "ip link set eth0 alias ''");
    EXPECT_EQ(check(c, lending(), result).error_message(),
              "interface eth0 is not the device of the host");
    shell(c, "ip link set eth0 alias lan0");
    EXPECT_EQ(check(c, lending(), result).error_message(),
              "interface eth0 is not lan0 of the host");
}

TEST_F(HostDeviceCheck, PassesOnWhatIpamSays) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    const json config = scripted_lending(), result = add(c, config);
    ipam.on("CHECK", "echo '{\"code\": 100, \"msg\": \"no lease\"}'; exit 1");
    EXPECT_EQ(check(c, config, result).error_message(), "no lease");
    ipam.on("STATUS", "echo '{\"code\": 50, \"msg\": \"exhausted\"}'; exit 1");
    EXPECT_EQ(call("STATUS", config).error_message(), "exhausted");
}

TEST_F(HostDeviceCheck, StatusLooksForTheDevice) {
    EXPECT_TRUE(call("STATUS", lending()).ok());
    const TestNetns c("c1");
    add(c, lending());
    for (const json& keys : std::vector<json>{
             json::object(), {{"device", nullptr}, {"hwaddr", "02:00:00:00:00:05"}}}) {
        const PluginRun run = call("STATUS", lending(keys));
        EXPECT_EQ(run.error_code(), 50) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr("failed to find host device: "));
        EXPECT_THAT(run.json()["details"].get<std::string>(), HasSubstr("another container"));
    }
    EXPECT_EQ(call("STATUS", lending({{"device", nullptr}})).error_code(), 7);
}

}  // namespace
}  // namespace cni::test
