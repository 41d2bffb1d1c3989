// Addresses, routes and gateways of an ADD with IPAM.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

using Strings = std::vector<std::string>;

class BridgeAddress : public BridgeTest {
protected:
    /// The routes to `destination` in all tables, without those the kernel makes by itself.
    static json routes(const TestNetns& container, const std::string& destination) {
        const char* family = destination.find(':') == destination.npos ? "-4" : "-6";
        return json::parse(container.output_of(
            {"ip", "-j", family, "-d", "route", "show", "table", "all", destination}));
    }
    static json default_route(const TestNetns& container, char family) {
        const json found = routes(container, family == '4' ? "0.0.0.0/0" : "::/0");
        return found.size() == 1 ? found[0] : json();
    }
    static void make_bridge(const Strings& its_addresses = {}) {
        output_of({"ip", "link", "add", "cni0", "type", "bridge"});
        for (const std::string& address : its_addresses)
            output_of({"ip", "address", "add", address, "dev", "cni0", "nodad"});
    }
};

TEST_F(BridgeAddress, AreOnTheContainerAndTheirGatewaysOnTheBridge) {
    const TestNetns c("c1");
    add(c, layer3());
    EXPECT_EQ(addresses(c), (Strings{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_EQ(addresses("cni0"), (Strings{"10.1.2.1/24", "fd00:1:2::1/64"}));
    EXPECT_EQ(default_route(c, '4')["gateway"], "10.1.2.1");
    EXPECT_EQ(default_route(c, '6')["gateway"], "fd00:1:2::1");
    EXPECT_EQ(sysctl("net/ipv4/ip_forward"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/all/forwarding"), "1");
    const std::string shown = c.output_of({"ip", "-4", "address", "show", "dev", "eth0"});
    EXPECT_NE(shown.find("brd 10.1.2.255"), shown.npos) << shown;
}

TEST_F(BridgeAddress, WithoutIsGatewayTheHostStaysOut) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    output_of({"sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"});
    const json result = add(c, scripted());
    EXPECT_EQ(addresses("cni0"), Strings{});
    EXPECT_EQ(sysctl("net/ipv4/ip_forward"), "0");
    EXPECT_EQ(result["ips"][0]["gateway"], "10.1.2.1");
}

TEST_F(BridgeAddress, OnlyTheFamilyInUseIsForwarded) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    output_of({"sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"});
    add(c, scripted({{"isGateway", true}}));
    EXPECT_EQ(sysctl("net/ipv6/conf/all/forwarding"), "0");
}

TEST_F(BridgeAddress, GatewayDefaultsToTheFirstAddressOfTheSubnet) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion": "1.0.0", "ips": [{"address": "10.7.0.9/16"},
                    {"address": "fd00:7::9/48"}]})");
    const TestNetns c("c1");
    const json result = add(c, scripted({{"isGateway", true}}));
    EXPECT_EQ(addresses("cni0"), (Strings{"10.7.0.1/16", "fd00:7::1/48"}));
    EXPECT_EQ(result["ips"][0]["gateway"], "10.7.0.1");
    EXPECT_TRUE(routes(c, "0.0.0.0/0").empty());
}

TEST_F(BridgeAddress, IsDefaultGatewayAddsDefaultRoutes) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
    const TestNetns c("c1");
    const json result = add(c, scripted({{"isDefaultGateway", true}}));
    EXPECT_EQ(result["routes"], json::parse(R"([{"dst": "0.0.0.0/0", "gw": "10.1.2.1"},
                                                {"dst": "::/0", "gw": "fd00:1:2::1"}])"));
    EXPECT_EQ(default_route(c, '4')["gateway"], "10.1.2.1");
    EXPECT_EQ(default_route(c, '6')["gateway"], "fd00:1:2::1");
    EXPECT_EQ(addresses("cni0").size(), 2u);
}

TEST_F(BridgeAddress, IsDefaultGatewayKeepsADefaultRouteOfIpam) {
    const ScriptedIpam ipam;
    ipam.answer(
        ipam_result({"10.1.2.2/24"}, {{"routes", {{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.254"}}}}}));
    const TestNetns c("c1");
    add(c, scripted({{"isDefaultGateway", true}}));
    EXPECT_EQ(default_route(c, '4')["gateway"], "10.1.2.254");
}

TEST_F(BridgeAddress, IsDefaultGatewayCompletesADefaultRouteWithoutGateway) {
    const TestNetns c("c1");
    const json result = add(c, layer3({{"isDefaultGateway", true}}));
    EXPECT_EQ(result["routes"], json::parse(R"([{"dst": "0.0.0.0/0", "gw": "10.1.2.1"},
                                                {"dst": "::/0", "gw": "fd00:1:2::1"}])"));
    EXPECT_EQ(default_route(c, '4')["gateway"], "10.1.2.1");
}

TEST_F(BridgeAddress, RoutesKeepAllTheirProperties) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}, {{"routes", json::parse(R"([
        {"dst": "10.8.0.0/16", "gw": "10.1.2.77", "mtu": 1300, "advmss": 1200, "priority": 77},
        {"dst": "10.9.0.0/16", "table": 300},
        {"dst": "10.10.0.0/16", "scope": 253},
        {"dst": "10.11.0.0/16", "table": 99, "gw": "10.1.2.78"}])")}}));
    const TestNetns c("c1");
    add(c, scripted());
    const json all = routes(c, "10.8.0.0/16");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["gateway"], "10.1.2.77");
    EXPECT_EQ(all[0]["metric"], 77);
    EXPECT_EQ(all[0]["metrics"][0]["mtu"], 1300);
    EXPECT_EQ(all[0]["metrics"][0]["advmss"], 1200);
    const json in_table = routes(c, "10.9.0.0/16"), narrow = routes(c, "10.10.0.0/16");
    ASSERT_EQ(in_table.size(), 1u);
    EXPECT_EQ(in_table[0]["table"], "300");
    EXPECT_EQ(in_table[0]["gateway"], "10.1.2.1");
    ASSERT_EQ(narrow.size(), 1u);
    EXPECT_EQ(narrow[0]["scope"], "link");
    EXPECT_FALSE(narrow[0].contains("gateway"));
    EXPECT_EQ(routes(c, "10.11.0.0/16")[0]["table"], "99");
}

TEST_F(BridgeAddress, RoutesWithoutAnyGatewayAreOnLink) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion": "1.0.0", "ips": [{"address": "10.1.2.2/24"}],
                    "routes": [{"dst": "10.8.0.0/16"}]})");
    const TestNetns c("c1");
    add(c, scripted());
    EXPECT_EQ(routes(c, "10.8.0.0/16")[0]["scope"], "link");
}

TEST_F(BridgeAddress, Ipv6IsSwitchedOnWhereItIsNeeded) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
    const TestNetns c("c1");
    c.output_of(
        {"sh", "-c",
         "for i in all default lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done"});
    add(c, scripted());
    EXPECT_EQ(addresses(c).size(), 2u);
    EXPECT_EQ(c.run([] { return sysctl("net/ipv6/conf/eth0/keep_addr_on_down"); }), "1");
    EXPECT_EQ(c.run([] { return sysctl("net/ipv6/conf/lo/disable_ipv6"); }), "0");
}

TEST_F(BridgeAddress, Ipv6StaysOffInAContainerWithoutIt) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    c.output_of(
        {"sh", "-c",
         "for i in all default; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done"});
    add(c, scripted());
    EXPECT_EQ(c.run([] { return sysctl("net/ipv6/conf/eth0/disable_ipv6"); }), "1");
}

TEST_F(BridgeAddress, IsUsableAtOnceWithoutDuplicateDetection) {
    // The kernel makes link-local addresses usable when it finds the time.
    const TestNetns c("c1");
    add(c, layer3());
    EXPECT_EQ(c.output_of({"ip", "-6", "address", "show", "scope", "global", "tentative"}), "");
    EXPECT_EQ(c.run([] { return sysctl("net/ipv6/conf/eth0/accept_dad"); }), "0");
}

TEST_F(BridgeAddress, DuplicateDetectionIsAwaited) {
    const TestNetns c("c1");
    add(c, layer3({{"enabledad", true}}));
    EXPECT_EQ(c.output_of({"ip", "-6", "address", "show", "tentative"}), "");
    EXPECT_EQ(c.run([] { return sysctl("net/ipv6/conf/eth0/accept_dad"); }), "1");
    EXPECT_TRUE(ping(c.netns(), "fd00:1:2::1"));
}

TEST_F(BridgeAddress, DuplicateIsReported) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"fd00:1:2::2/64"}));
    const TestNetns first("first"), second("second");
    add(first, scripted());
    const PluginRun run = try_add(second, scripted({{"enabledad", true}}));
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_EQ(run.error_message(),
              "failed to settle addresses for \"eth0\": link eth0 has address fd00:1:2::2 in "
              "DADFAILED state");
    EXPECT_TRUE(link(second, "eth0").is_null());
    EXPECT_EQ(ipam.calls().back(), "DEL second eth0");
}

TEST_F(BridgeAddress, ForceAddressReplacesWhatIsInTheWay) {
    make_bridge({"10.1.2.9/24", "192.168.7.1/24", "fd00:1:2::9/64", "fd00:9::1/64"});
    const TestNetns c("c1");
    add(c, layer3({{"forceAddress", true}}));
    // An IPv6 network that does not overlap is in nobody's way.
    EXPECT_EQ(addresses("cni0"), (Strings{"10.1.2.1/24", "fd00:1:2::1/64", "fd00:9::1/64"}));
}

TEST_F(BridgeAddress, AnAddressThatIsThereAlreadyIsKept) {
    make_bridge({"10.1.2.1/24", "fd00:1:2::1/64", "fd00:9::1/64"});
    const TestNetns c("c1");
    add(c, layer3());
    EXPECT_EQ(addresses("cni0").size(), 3u);
    EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
}

TEST_F(BridgeAddress, TwoAddressesOfOneFamilyBothGetTheirGateway) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion": "1.0.0", "ips": [
        {"address": "10.1.2.2/24"}, {"address": "10.1.3.2/24"}]})");
    const TestNetns c("c1"), d("d1");
    add(c, scripted({{"isGateway", true}, {"ipMasq", true}}));
    EXPECT_EQ(addresses("cni0"), (Strings{"10.1.2.1/24", "10.1.3.1/24"}));
    EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
    EXPECT_TRUE(ping(c.netns(), "10.1.3.1"));
}

TEST_F(BridgeAddress, BridgeOfTheReferencePluginIsUsed) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const TestNetns theirs("theirs"), ours("ours");
    PluginArgs by_reference = args(theirs);
    by_reference.executables = *reference_dir();
    const PluginRun run = call("ADD", by_reference, layer3());
    ASSERT_TRUE(run.ok()) << run.report();
    const json result = add(ours, layer3());
    EXPECT_EQ(result["interfaces"][0], run.json()["interfaces"][0]);
    EXPECT_TRUE(ping(ours.netns(), address_of(run.json(), '4')));
    EXPECT_TRUE(ping(ours.netns(), "10.1.2.1"));
    EXPECT_TRUE(ping(theirs.netns(), address_of(result, '6')));
}

}  // namespace
}  // namespace cni::test
