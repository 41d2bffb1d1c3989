// CHECK passes on what ADD made and names whatever was changed since.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

class BridgeCheck : public BridgeTest {
protected:
    static json full() { return layer3({{"ipMasq", true}, {"macspoofchk", true}}); }
    static PluginRun check(const TestNetns& container, json config, const json& prev_result) {
        config["prevResult"] = prev_result;
        return call("CHECK", args(container), config);
    }

    /// Runs a shell command on the host ($port is the port) or in the container; CHECK, fine
    /// before, must then fail with a message that holds `message`.
    static void expect_noticed(bool in_container, std::string command, const std::string& message,
                               const json& config = full()) {
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        const json result = add(c, config);
        const PluginRun healthy = check(c, config, result);
        ASSERT_TRUE(healthy.ok()) << healthy.report();
        command = cat("port=", port_of(result), "; ", command);
        const std::vector<std::string> argv = {"sh", "-ec", command};
        if (in_container)
            c.output_of(argv);
        else
            output_of(argv);
        const PluginRun run = check(c, config, result);
        EXPECT_EQ(run.error_code(), 999) << command << "\n" << run.report();
        EXPECT_NE(run.error_message().find(message), std::string::npos) << command << "\n"
                                                                        << run.report();
    }
};

TEST_F(BridgeCheck, NoticesChangesOfTheBridge) {
    expect_noticed(false, "ip link set cni0 down", "Bridge interface cni0 is down");
    expect_noticed(false, "ip link delete cni0", "Interface name cni0 not found");
    expect_noticed(false, "ip link set cni0 address 02:00:00:00:00:09",
                   "Bridge interface cni0 Mac doesn't match");
    expect_noticed(false, "ip link delete cni0; ip link add cni0 type veth peer name x",
                   "Interface cni0 does not have link type of bridge");
    expect_noticed(false, "ip address delete 10.1.2.1/24 dev cni0",
                   "gateway address 10.1.2.1/24 is not on cni0");
    expect_noticed(false, "ip address delete fd00:1:2::1/64 dev cni0",
                   "gateway address fd00:1:2::1/64 is not on cni0");
    expect_noticed(false, "echo 0 > /proc/sys/net/ipv4/ip_forward",
                   "the host does not forward IPv4");
    expect_noticed(false, "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding",
                   "the host does not forward IPv6");
    expect_noticed(false, "echo 2 > /proc/sys/net/ipv6/conf/cni0/accept_ra",
                   "the host learns routes from what containers send to cni0");
}

TEST_F(BridgeCheck, NoticesPromiscuousModeThatIsOff) {
    expect_noticed(false, "ip link set cni0 promisc off",
                   "Bridge interface cni0 configured Promisc Mode true doesn't match current "
                   "state: false",
                   layer2({{"promiscMode", true}}));
}

TEST_F(BridgeCheck, NoticesChangesOfThePort) {
    expect_noticed(false, "ip link set $port nomaster",
                   "CNI veth created for bridge cni0 was not found");
    expect_noticed(false, "ip link set $port down", "is down");
    expect_noticed(false, "ip link set $port address 02:00:00:00:00:09", "Mac doesn't match");
    expect_noticed(false, "ip link set $port down; ip link set $port name renamed",
                   "Interface name renamed not found");
    expect_noticed(false, "echo 1 > /proc/sys/net/ipv6/conf/$port/accept_ra",
                   "the host learns routes from what containers send to veth");
    expect_noticed(false, "ip link set $port type bridge_slave hairpin on", "hairpin mode");
    expect_noticed(false, "ip link set $port type bridge_slave isolated on", "isolation");
    expect_noticed(false, "ip link set $port type bridge_slave isolated off", "isolation",
                   layer2({{"portIsolation", true}}));
    expect_noticed(false, "ip link set $port type bridge_slave hairpin off", "hairpin mode",
                   layer2({{"hairpinMode", true}}));
}

TEST_F(BridgeCheck, NoticesChangesInTheContainer) {
    expect_noticed(true, "ip link set eth0 down", "Interface eth0 is down");
    expect_noticed(true, "ip link delete eth0",
                   "Container Interface name in prevResult: eth0 not found");
    expect_noticed(true, "ip link set eth0 address 02:00:00:00:00:09", "Interface eth0 Mac");
    expect_noticed(true, "ip link delete eth0; ip link add eth0 type bridge",
                   "Error: Container interface eth0 not of type veth");
    expect_noticed(true, "ip address delete 10.1.2.2/24 dev eth0",
                   "Failed to match addr 10.1.2.2/24 on interface eth0");
    expect_noticed(true,
                   "ip address delete fd00:1:2::2/64 dev eth0; "
                   "ip address add fd00:1:2::2/80 dev eth0 nodad",
                   "Failed to match addr fd00:1:2::2/64 on interface eth0");
    expect_noticed(true, "ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed(true, "ip -6 route delete default", "Expected Route ::/0");
    expect_noticed(true, "ip route delete 10.1.2.0/24", "Failed to find Gateway 10.1.2.1");
}

TEST_F(BridgeCheck, NoticesRulesThatAreGone) {
    expect_noticed(false, "nft flush chain inet cni_plugins_masquerade masq_checks", "10.1.2.2");
    expect_noticed(false, "nft delete table inet cni_plugins_masquerade", "cni_plugins_masquerade");
    expect_noticed(false, "nft flush chain bridge nat PREROUTING", "MAC spoof check");
    expect_noticed(false, "nft flush chain bridge nat cni-br-iface-c1-eth0-mac", "MAC spoof check");
}

TEST_F(BridgeCheck, PassesForEachKindOfAttachment) {
    for (const json& keys : std::vector<json>{json::object(),
                                              {{"hairpinMode", true}},
                                              {{"promiscMode", true}},
                                              {{"portIsolation", true}},
                                              {{"macspoofchk", true}},
                                              {{"disableContainerInterface", true}},
                                              {{"mtu", 1400}}}) {
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        const PluginRun run = check(c, layer2(keys), add(c, layer2(keys)));
        EXPECT_TRUE(run.ok()) << keys << run.report();
        EXPECT_EQ(run.out, "");
    }
}

TEST_F(BridgeCheck, PassesWhereAnotherNetworkMakesTheBridgePromiscuous) {
    const TestNetns c("c1"), other("c2");
    const json result = add(c, layer2());
    add(other, layer2({{"name", "net2"}, {"promiscMode", true}}));
    const PluginRun run = check(c, layer2(), result);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(BridgeCheck, PassesForRoutesOfOtherTables) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}, {{"routes", json::parse(R"([
        {"dst": "10.9.0.0/16", "table": 300}, {"dst": "10.10.0.0/16", "scope": 253}])")}}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    const PluginRun run = check(c, scripted(), result);
    EXPECT_TRUE(run.ok()) << run.report();
    c.output_of({"ip", "route", "delete", "10.9.0.0/16", "table", "300"});
    EXPECT_NE(check(c, scripted(), result).error_message().find("10.9.0.0/16"), std::string::npos);
}

TEST_F(BridgeCheck, NoticesWhatARouteHasLost) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}, {{"routes", json::parse(R"([
        {"dst": "10.9.0.0/16", "priority": 7, "mtu": 1300, "advmss": 1200}])")}}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    EXPECT_TRUE(check(c, scripted(), result).ok());
    for (const char* left :
         {"metric 7 mtu 1300", "metric 7 advmss 1200", "metric 8 mtu 1300 advmss 1200"}) {
        c.output_of({"sh", "-ec",
                     cat("ip route flush 10.9.0.0/16;"
                         "ip route add 10.9.0.0/16 via 10.1.2.1 dev eth0 ",
                         left)});
        EXPECT_NE(check(c, scripted(), result).error_message().find("10.9.0.0/16"),
                  std::string::npos)
            << left;
    }
}

TEST_F(BridgeCheck, PassesOverInterfacesOfContainersWithNamesOfTheHost) {
    const TestNetns c("c1");
    PluginArgs named = args(c, "cni0");
    const PluginRun added = call("ADD", named, full());
    ASSERT_TRUE(added.ok()) << added.report();
    json config = full(), result = added.json();
    // As another order of plugins would have it.
    std::swap(result["interfaces"][0], result["interfaces"][2]);
    for (json& ip : result["ips"]) ip["interface"] = 0;
    config["prevResult"] = result;
    const PluginRun run = call("CHECK", named, config);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(BridgeCheck, PassesOverAddressesThatOtherPluginsAdded) {
    const TestNetns c("c1");
    json result = add(c, full());
    result["interfaces"].push_back({{"name", "other"}, {"sandbox", c.path()}});
    result["ips"].push_back({{"address", "10.99.0.1/24"}, {"interface", 3}});
    const PluginRun run = check(c, full(), result);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(BridgeCheck, PassesWhereTheResultNamesTheNamespaceByAnotherPath) {
    const TestNetns c("c1");
    json result = add(c, full());
    result["interfaces"][2]["sandbox"] = "/run/../run/netns/c1";
    const PluginRun run = check(c, full(), result);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(BridgeCheck, AsksIpamFirst) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    EXPECT_TRUE(check(c, scripted(), result).ok());
    EXPECT_EQ(ipam.calls().back(), "CHECK c1 eth0");
    ipam.on("CHECK", "echo '{\"code\": 100, \"msg\": \"not mine\"}'; exit 1");
    EXPECT_EQ(check(c, scripted(), result).error_message(), "not mine");
}

TEST_F(BridgeCheck, RefusesRecordsThatDoNotFit) {
    const TestNetns c("c1"), d("d1");
    const json result = add(c, layer2());
    EXPECT_EQ(call("CHECK", args(c), layer2()).error_message(), "Required prevResult missing");
    EXPECT_NE(check(d, layer2(), result).error_message().find("doesn't match configured netns"),
              std::string::npos);
    json changed = result;
    changed["interfaces"][0]["sandbox"] = c.path();
    EXPECT_EQ(check(c, layer2(), changed).error_message(),
              "Interface cni0 should not be in sandbox");
    changed = result;
    changed["interfaces"][1]["sandbox"] = c.path();
    EXPECT_NE(check(c, layer2(), changed).error_message().find("should not be in sandbox"),
              std::string::npos);
    changed = result;
    changed["interfaces"].erase(0);
    EXPECT_EQ(check(c, layer2(), changed).error_message(), "Interface name cni0 not found");
}

TEST_F(BridgeCheck, BelievesAResultOfTheReferencePlugin) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const TestNetns c("c1");
    PluginArgs reference = args(c);
    reference.executables = *reference_dir();
    const PluginRun added = call("ADD", reference, layer3());
    ASSERT_TRUE(added.ok()) << added.report();
    const PluginRun run = check(c, layer3(), added.json());
    EXPECT_TRUE(run.ok()) << run.report();
}

}  // namespace
}  // namespace cni::test
