// What ADD makes and says: the pair, the bridge and its ports, MACs, DNS, every version.
#include <gtest/gtest.h>

#include <regex>

#include "base/text.h"
#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

class BridgeAdd : public BridgeTest {
protected:
    static PluginRun try_add_with_args(const TestNetns& container, const json& config,
                                       const std::string& cni_args) {
        PluginArgs with = args(container);
        with.args = cni_args;
        return call("ADD", with, config);
    }
    static bool has_flag(const json& shown, const std::string& flag) {
        const json& flags = shown["flags"];
        return std::find(flags.begin(), flags.end(), flag) != flags.end();
    }
    /// An attribute of a bridge port.
    static json port_attribute(const json& result, const std::string& name) {
        return link(port_of(result))["linkinfo"]["info_slave_data"][name];
    }
};

TEST_F(BridgeAdd, ResultNamesBridgePortAndContainerEnd) {
    const TestNetns c("c1");
    const json result = add(c, layer3());
    ASSERT_EQ(result["interfaces"].size(), 3u);
    const json bridge = result["interfaces"][0], port = result["interfaces"][1],
               end = result["interfaces"][2];
    EXPECT_EQ(bridge, (json{{"name", "cni0"}, {"mac", link("cni0")["address"]}}));
    EXPECT_EQ(port, (json{{"name", port["name"]}, {"mac", link(port["name"])["address"]}}));
    EXPECT_EQ(end,
              (json{{"name", "eth0"}, {"mac", link(c, "eth0")["address"]}, {"sandbox", c.path()}}));
    EXPECT_TRUE(std::regex_match(port_of(result), std::regex("veth[0-9a-f]{8}")));
    EXPECT_EQ(result["ips"], json::parse(R"([
        {"address": "10.1.2.2/24", "gateway": "10.1.2.1", "interface": 2},
        {"address": "fd00:1:2::2/64", "gateway": "fd00:1:2::1", "interface": 2}])"));
    EXPECT_EQ(result["routes"], json::parse(R"([{"dst": "0.0.0.0/0"}, {"dst": "::/0"}])"));
    EXPECT_EQ(result["cniVersion"], "1.0.0");
}

TEST_F(BridgeAdd, LinksAreUpAndPartsOfTheBridge) {
    const TestNetns c("c1");
    const json result = add(c, layer3());
    const json port = link(port_of(result)), end = link(c, "eth0"), bridge = link("cni0");
    EXPECT_EQ(port["master"], "cni0");
    EXPECT_EQ(port["operstate"], "UP");
    EXPECT_EQ(end["operstate"], "UP");
    EXPECT_EQ(bridge["operstate"], "UP");
    EXPECT_EQ(end["linkinfo"]["info_kind"], "veth");
    EXPECT_EQ(bridge["linkinfo"]["info_data"]["vlan_filtering"], 0);
    EXPECT_EQ(bridge["linkinfo"]["info_data"]["stp_state"], 0);
    EXPECT_FALSE(has_flag(bridge, "PROMISC"));
}

TEST_F(BridgeAdd, EveryVersionIsSpoken) {
    for (const std::string version :
         {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
        ASSERT_FALSE(enter_sandbox());
        const ScriptedIpam ipam;
        ipam.answer(
            ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}, {{"routes", {{{"dst", "0.0.0.0/0"}}}}}));
        const TestNetns c("c1");
        const json result = add(c, scripted({{"cniVersion", version}}));
        EXPECT_EQ(result["cniVersion"], version);
        if (version < "0.3") {
            EXPECT_EQ(result["ip4"]["ip"], "10.1.2.2/24") << result;
            EXPECT_EQ(result["ip4"]["routes"], json::parse(R"([{"dst": "0.0.0.0/0"}])"));
            EXPECT_EQ(result["ip6"]["gateway"], "fd00:1:2::1");
            EXPECT_FALSE(result.contains("interfaces"));
        } else {
            EXPECT_EQ(result["ips"][0]["interface"], 2);
            EXPECT_EQ(result["ips"][0].value("version", ""), version < "1" ? "4" : "");
            EXPECT_EQ(result["interfaces"][2].value("mtu", 0), version == "1.1.0" ? 1500 : 0);
        }
    }
}

TEST_F(BridgeAdd, Layer2ResultHasOnlyInterfaces) {
    const TestNetns c("c1");
    const json result = add(c, layer2());
    EXPECT_EQ(result["interfaces"].size(), 3u);
    EXPECT_FALSE(result.contains("ips"));
    EXPECT_FALSE(result.contains("routes"));
    EXPECT_EQ(link(c, "eth0")["operstate"], "UP");
}

TEST_F(BridgeAdd, IpMasqInLayer2MakesNoRules) {
    const TestNetns c("c1");
    add(c, layer2({{"ipMasq", true}}));
    EXPECT_EQ(ruleset(), "");
}

TEST_F(BridgeAdd, ContainerEndCanStayDown) {
    const TestNetns c("c1");
    const json result = add(c, layer2({{"disableContainerInterface", true}}));
    EXPECT_FALSE(has_flag(link(c, "eth0"), "UP"));
    EXPECT_TRUE(has_flag(link(port_of(result)), "UP"));
}

TEST_F(BridgeAdd, MtuIsGivenToBothEndsAndANewBridge) {
    const TestNetns c("c1"), d("d1");
    const json result = add(c, layer2({{"mtu", 1400}}));
    EXPECT_EQ(link(port_of(result))["mtu"], 1400);
    EXPECT_EQ(link(c, "eth0")["mtu"], 1400);
    EXPECT_EQ(link("cni0")["mtu"], 1400);
    add(d, layer2({{"mtu", 1300}}));
    EXPECT_EQ(link(d, "eth0")["mtu"], 1300);
}

TEST_F(BridgeAdd, MtuOfZeroOrLessIsTheKernelsChoice) {
    const TestNetns c("c1"), d("d1");
    add(c, layer2({{"mtu", 0}}));
    add(d, layer2({{"mtu", -1}}));
    EXPECT_EQ(link(c, "eth0")["mtu"], 1500);
    EXPECT_EQ(link(d, "eth0")["mtu"], 1500);
}

TEST_F(BridgeAdd, PortAttributesFollowTheKeys) {
    const TestNetns plain("plain"), hairpin("hairpin"), isolated("isolated");
    const json a = add(plain, layer2()), b = add(hairpin, layer2({{"hairpinMode", true}})),
               c = add(isolated, layer2({{"portIsolation", true}}));
    EXPECT_EQ(port_attribute(a, "hairpin"), false);
    EXPECT_EQ(port_attribute(a, "isolated"), false);
    EXPECT_EQ(port_attribute(b, "hairpin"), true);
    EXPECT_EQ(port_attribute(b, "isolated"), false);
    EXPECT_EQ(port_attribute(c, "hairpin"), false);
    EXPECT_EQ(port_attribute(c, "isolated"), true);
}

TEST_F(BridgeAdd, PromiscModeIsSetAndNeverCleared) {
    const TestNetns c("c1"), d("d1");
    add(c, layer2({{"promiscMode", true}}));
    EXPECT_TRUE(has_flag(link("cni0"), "PROMISC"));
    add(d, layer2());
    EXPECT_TRUE(has_flag(link("cni0"), "PROMISC"));
}

TEST_F(BridgeAdd, BridgeIsNamedByItsKey) {
    const TestNetns c("c1");
    add(c, layer2({{"bridge", "fifteen-bytes-x"}}));
    EXPECT_EQ(link("fifteen-bytes-x")["linkinfo"]["info_kind"], "bridge");
    EXPECT_TRUE(link("cni0").is_null());
}

TEST_F(BridgeAdd, MacIsTakenFromTheFirstSourceThatHasOne) {
    const std::string low = "02:00:00:00:00:01", middle = "02:00:00:00:00:02",
                      high = "02:00:00:00:00:03";
    const json by_args = {{"args", {{"cni", {{"mac", middle}}}}}};
    json by_all = by_args;
    by_all["runtimeConfig"] = {{"mac", high}};
    const TestNetns a("a"), b("b"), c("c");
    EXPECT_TRUE(try_add_with_args(a, layer2(), cat("MAC=", low)).ok());
    EXPECT_EQ(link(a, "eth0")["address"], low);
    EXPECT_TRUE(try_add_with_args(b, layer2(by_args), cat("MAC=", low)).ok());
    EXPECT_EQ(link(b, "eth0")["address"], middle);
    EXPECT_TRUE(try_add_with_args(c, layer2(by_all), cat("MAC=", low)).ok());
    EXPECT_EQ(link(c, "eth0")["address"], high);
}

TEST_F(BridgeAdd, EmptyMacIsNone) {
    const TestNetns c("c1");
    const json config = layer2({{"runtimeConfig", {{"mac", ""}}}});
    EXPECT_TRUE(try_add_with_args(c, config, "MAC=02:00:00:00:00:01").ok());
    EXPECT_EQ(link(c, "eth0")["address"], "02:00:00:00:00:01");
}

TEST_F(BridgeAdd, MacIsReadInEveryNotation) {
    const TestNetns a("a"), b("b");
    add(a, layer2({{"runtimeConfig", {{"mac", "02-00-00-00-AB-01"}}}}));
    EXPECT_EQ(link(a, "eth0")["address"], "02:00:00:00:ab:01");
    add(b, layer2({{"runtimeConfig", {{"mac", "0200.0000.ab02"}}}}));
    EXPECT_EQ(link(b, "eth0")["address"], "02:00:00:00:ab:02");
}

TEST_F(BridgeAdd, BridgeKeepsItsMacWhateverItsPorts) {
    const TestNetns c("c1"), d("d1");
    const json first = add(c, layer2());
    const json mac = link("cni0")["address"];
    EXPECT_EQ(first["interfaces"][0]["mac"], mac);
    add(d, layer2());
    output_of({"ip", "link", "add", "low", "address", "02:00:00:00:00:00", "type", "veth", "peer"});
    output_of({"ip", "link", "set", "low", "master", "cni0"});
    EXPECT_EQ(link("cni0")["address"], mac);
}

TEST_F(BridgeAdd, DnsOfTheConfigurationReplacesThatOfIpam) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"},
                            {{"dns", {{"nameservers", {"10.1.2.9"}}, {"domain", "ipam"}}}}));
    const std::vector<std::pair<json, json>> cases = {
        {json(), {{"nameservers", {"10.1.2.9"}}, {"domain", "ipam"}}},
        {{{"domain", "own"}}, {{"domain", "own"}}},
        {{{"search", {"a", "b"}}, {"options", {"ndots:2"}}},
         {{"search", {"a", "b"}}, {"options", {"ndots:2"}}}},
        {{{"nameservers", json::array()}}, json()},
    };
    int number = 0;
    for (const auto& [own, expected] : cases) {
        const TestNetns c(cat("c", ++number));
        const json result = add(c, scripted({{"dns", own}}));
        EXPECT_EQ(result.value("dns", json()), expected) << own;
        del(c, scripted());
    }
}

TEST_F(BridgeAdd, TwoInterfacesOfOneContainer) {
    const TestNetns c("c1");
    const json one = add(c, layer3()),
               two = add(c, layer3({{"ipam", {{"routes", nullptr}}}}), "net1");
    EXPECT_NE(port_of(one), port_of(two));
    EXPECT_EQ(addresses(c, "net1"), (std::vector<std::string>{"10.1.2.3/24", "fd00:1:2::3/64"}));
}

TEST_F(BridgeAdd, HostNameThatIsTakenGivesWayToAnother) {
    const TestNetns c("c1");
    const std::string first = port_of(add(c, layer2()));
    del(c, layer2());
    output_of({"ip", "link", "add", first, "type", "bridge"});
    const json second = add(c, layer2());
    EXPECT_NE(port_of(second), first);
    EXPECT_EQ(link(port_of(second))["master"], "cni0");
}

TEST_F(BridgeAdd, KeysAreFoundInAnyLetterCase) {
    const TestNetns c("c1");
    add(c, layer2({{"BRIDGE", "br9"}, {"MTU", 1400}}));
    EXPECT_EQ(link("br9")["mtu"], 1400);
}

}  // namespace
}  // namespace cni::test
