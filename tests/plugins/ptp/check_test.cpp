// CHECK passes on what ADD made and names whatever was changed since; STATUS tells what would fail.
#include <gtest/gtest.h>

#include "support/ptp_fixture.h"

namespace cni::test {
namespace {

class PtpCheck : public PtpTest {
protected:
    static json full() { return network({{"cniVersion", "1.1.0"}, {"ipMasq", true}}); }
    static PluginRun check(const TestNetns& container, const json& config, const json& result) {
        return call("CHECK", args(container), with_prev_result(config, result));
    }
    static void expect_check_fails(const TestNetns& c, const json& config, const json& result,
                                   const std::string& message) {
        const PluginRun run = check(c, config, result);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_NE(run.error_message().find(message), std::string::npos) << run.report();
    }

    /// Runs a shell command on the host ($host is its end) or in the container; CHECK, fine before,
    /// must then fail with a message that holds `message`.
    static void expect_noticed(bool in_container, std::string command, const std::string& message) {
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        const json result = add(c, full());
        const PluginRun healthy = check(c, full(), result);
        ASSERT_TRUE(healthy.ok()) << healthy.report();
        EXPECT_EQ(healthy.out, "");
        command = cat("host=", host_end(result), "; ", command);
        const std::vector<std::string> argv = {"sh", "-ec", command};
        if (in_container)
            c.output_of(argv);
        else
            output_of(argv);
        SCOPED_TRACE(command);
        expect_check_fails(c, full(), result, message);
    }
    static PluginRun status(const json& config) {
        PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
        none.path = cat(bin_dir(), ":", ScriptedIpam::dir);
        return call("STATUS", none, config);
    }
};

TEST_F(PtpCheck, NoticesChangesInTheContainer) {
    expect_noticed(true, "ip link set eth0 down", "Interface eth0 is down");
    expect_noticed(true, "ip link delete eth0",
                   "Container Interface name in prevResult: eth0 not found");
    expect_noticed(true, "ip link set eth0 address 02:00:00:00:00:09", "Interface eth0 Mac");
    expect_noticed(true, "ip link delete eth0; ip link add eth0 type bridge",
                   "Error: Container interface eth0 not of type veth");
    expect_noticed(true, "ip link delete eth0; ip link add eth0 type veth peer name x",
                   "Interface eth0 Mac");
    expect_noticed(true, "ip address delete 10.1.2.2/24 dev eth0",
                   "Failed to match addr 10.1.2.2/24 on interface eth0");
    expect_noticed(true, "ip address delete fd00:1:2::2/64 dev eth0",
                   "Failed to match addr fd00:1:2::2/64 on interface eth0");
    expect_noticed(true, "ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed(true, "ip -6 route delete default", "Expected Route ::/0");
    expect_noticed(true, "ip route delete 10.1.2.1", "Failed to find Gateway 10.1.2.1");
    expect_noticed(true, "ip -6 route delete fd00:1:2::1", "Failed to find Gateway fd00:1:2::1");
    expect_noticed(true, "ip route delete 10.1.2.0/24", "Failed to find Gateway 10.1.2.1");
    expect_noticed(true, "ip route replace 10.1.2.0/24 dev eth0",
                   "Expected Route 10.1.2.0/24 via 10.1.2.1");
}

TEST_F(PtpCheck, NoticesChangesOnTheHost) {
    expect_noticed(false, "ip link set $host down", "is down");
    expect_noticed(false, "ip link set $host address 02:00:00:00:00:09", "Mac doesn't match");
    expect_noticed(false, "ip link set $host down; ip link set $host name renamed",
                   "Interface name renamed not found");
    expect_noticed(false, "ip link add x type veth peer name y; ip link set $host netns c1",
                   "the host's end of eth0 was not found");
    expect_noticed(false, "ip address delete 10.1.2.1/32 dev $host",
                   "gateway address 10.1.2.1/32 is not on");
    expect_noticed(false, "ip address delete fd00:1:2::1/128 dev $host",
                   "gateway address fd00:1:2::1/128 is not on");
    expect_noticed(false, "ip route delete 10.1.2.2", "no route to 10.1.2.2/32 through");
    expect_noticed(false, "ip -6 route delete fd00:1:2::2", "no route to fd00:1:2::2/128 through");
    expect_noticed(false, "echo 0 > /proc/sys/net/ipv4/ip_forward", "does not forward IPv4");
    expect_noticed(false, "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding",
                   "does not forward IPv6");
    expect_noticed(false, "echo 1 > /proc/sys/net/ipv6/conf/$host/accept_ra",
                   "the host learns routes from what containers send to veth");
    expect_noticed(false, "nft flush chain inet cni_plugins_masquerade masq_checks", "10.1.2.2");
}

TEST_F(PtpCheck, RefusesRecordsThatDoNotFit) {
    const TestNetns c("c1"), d("d1");
    const json config = network();
    const json result = add(c, config);
    EXPECT_EQ(call("CHECK", args(c), config).error_message(), "Required prevResult missing");
    expect_check_fails(d, config, result, "d1");
    json changed = result;
    changed["interfaces"][1]["sandbox"] = "/run/netns/other";
    expect_check_fails(c, config, changed,
                       "Sandbox in prevResult doesn't match configured netns: /run/netns/c1");
    changed = result;
    changed["interfaces"].erase(0);
    expect_check_fails(c, config, changed, cat("Interface name ", host_end(result), " not found"));
    changed = result;
    changed["ips"].push_back({{"address", "10.1.2.99/24"}, {"interface", 1}});
    expect_check_fails(c, config, changed, "Failed to match addr 10.1.2.99/24 on interface eth0");
    PluginArgs gone = args(c);
    gone.netns = "/run/netns/none";
    const PluginRun run = call("CHECK", gone, with_prev_result(config, result));
    EXPECT_EQ(run.error_code(), 8);
    EXPECT_NE(run.error_message().find("failed to open netns"), std::string::npos);
}

TEST_F(PtpCheck, PassesOverWhatOtherPluginsAdded) {
    const TestNetns c("c1");
    json result = add(c, full());
    result["interfaces"].push_back({{"name", "other"}, {"sandbox", c.path()}});
    result["ips"].push_back({{"address", "10.99.0.1/24"}, {"interface", 2}});
    const PluginRun run = check(c, full(), result);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(PtpCheck, PassesWhereTheResultNamesTheNamespaceByAnotherPath) {
    const TestNetns c("c1");
    json result = add(c, full());
    result["interfaces"][1]["sandbox"] = "/run/../run/netns/c1";
    const PluginRun run = check(c, full(), result);
    EXPECT_TRUE(run.ok()) << run.report();
    result["ips"].push_back({{"address", "10.1.2.99/24"}, {"interface", 1}});
    expect_check_fails(c, full(), result, "Failed to match addr 10.1.2.99/24 on interface eth0");
}

TEST_F(PtpCheck, PassesForSingleAddressesAndPolicyRoutes) {
    const TestNetns c("c1");
    const json config = fixed(
        {{"addresses",
          {{{"address", "10.1.2.2/32"}, {"gateway", "169.254.1.1"}}, {{"address", "10.1.3.2/31"}}}},
         {"routes", {{{"dst", "10.9.0.0/16"}, {"table", 300}}, {{"dst", "0.0.0.0/0"}}}}});
    const PluginRun run = check(c, config, add(c, config));
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(PtpCheck, AsksIpamFirst) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    EXPECT_TRUE(check(c, scripted(), result).ok());
    EXPECT_EQ(ipam.calls().back(), "CHECK c1 eth0");
    ipam.on("CHECK", "echo '{\"code\": 100, \"msg\": \"not mine\"}'; exit 1");
    EXPECT_EQ(check(c, scripted(), result).error_message(), "not mine");
}

TEST_F(PtpCheck, StatusIsFineAndLeavesNoTrace) {
    const Snapshot before = host_snapshot();
    for (const json& keys :
         std::vector<json>{json::object(), {{"ipMasq", true}}, {{"mtu", 1400}}}) {
        json config = full();
        config.merge_patch(keys);
        const PluginRun run = status(config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
    EXPECT_EQ(host_snapshot().links, before.links);
    EXPECT_EQ(host_snapshot().nftables, before.nftables);
}

TEST_F(PtpCheck, StatusPassesOnWhatIpamSaysAndNamesWhatIsWrong) {
    const ScriptedIpam ipam;
    json config = scripted({{"cniVersion", "1.1.0"}});
    EXPECT_TRUE(status(config).ok());
    ipam.on("STATUS", "echo '{\"code\": 51, \"msg\": \"nearly full\"}'; exit 1");
    EXPECT_EQ(status(config).error_code(), 51);
    config["mtu"] = "x";
    EXPECT_EQ(status(config).error_code(), 7);
    config = scripted({{"cniVersion", "1.1.0"}, {"ipam", nullptr}});
    EXPECT_EQ(status(config).error_message(), "no plugin name provided");
    ipam.on("STATUS", "true");
    config = scripted({{"cniVersion", "1.1.0"}, {"mtu", 20}});
    const PluginRun run = status(config);
    EXPECT_EQ(run.error_code(), 50) << run.report();
    EXPECT_NE(run.error_message().find("the kernel lacks what the configuration needs"),
              std::string::npos);
}

}  // namespace
}  // namespace cni::test
