// VLANs of bridge ports: what `bridge vlan` shows, and which tagged frames pass.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/frames.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class VmBridgeVlan : public VmTest, protected BridgeCalls {
protected:
    /// "5 PVID Egress Untagged, 10": the port's VLANs in order, ranges as "20-29".
    static std::string vlans(const std::string& port) {
        const auto shown =
            json::parse(output_of({"bridge", "-j", "-compressvlans", "vlan", "show", "dev", port}));
        std::vector<std::string> lines;
        for (const json& of_port : shown)
            for (const json& vlan : of_port["vlans"]) {
                std::string line = std::to_string(vlan["vlan"].get<int>());
                if (vlan.contains("vlanEnd")) line += cat("-", vlan["vlanEnd"].get<int>());
                if (vlan.contains("flags"))
                    for (const json& flag : vlan["flags"])
                        line += cat(" ", flag.get<std::string>());
                lines.push_back(line);
            }
        return join(lines, ", ");
    }
    static json trunk(std::initializer_list<int> ids) {
        json result = json::array();
        for (const int id : ids) result.push_back({{"id", id}});
        return result;
    }
    static Mac mac_of(const json& result) {
        return Mac::parse(result["interfaces"][2]["mac"].get<std::string>()).value();
    }
};

TEST_F(VmBridgeVlan, PortsHaveTheVlansOfTheTable) {
    const std::string own = "5 PVID Egress Untagged";
    const std::string standard = "1 PVID Egress Untagged";
    const std::vector<std::pair<json, std::string>> table = {
        {json::object(), standard},
        {{{"vlan", 5}}, own},
        {{{"vlan", 5}, {"preserveDefaultVlan", true}}, "1 Egress Untagged, " + own},
        {{{"vlanTrunk", trunk({10, 20})}}, standard + ", 10, 20"},
        {{{"vlanTrunk", trunk({10, 20})}, {"preserveDefaultVlan", true}}, standard + ", 10, 20"},
        {{{"vlan", 5}, {"vlanTrunk", trunk({10, 20})}}, own + ", 10, 20"},
        {{{"vlan", 5}, {"vlanTrunk", trunk({5, 10})}}, own + ", 10"},
        {{{"vlanTrunk", {{{"minID", 20}, {"maxID", 29}, {"id", 40}}}}}, standard + ", 20-29, 40"},
        {{{"vlanTrunk", {{{"minID", 1}, {"maxID", 4094}}}}}, standard + ", 2-4094"},
        {{{"vlanTrunk", json::array()}}, standard},
    };
    // One bridge for all: only the ports differ.
    output_of({"ip", "link", "add", "cni0", "type", "bridge", "vlan_filtering", "1"});
    const TestNetns c("c1");
    for (const auto& [keys, expected] : table) {
        const json config = layer2(keys), result = add(c, config);
        EXPECT_EQ(vlans(port_of(result)), expected) << keys;
        json with_record = config;
        with_record["prevResult"] = result;
        const PluginRun run = call("CHECK", args(c), with_record);
        EXPECT_TRUE(run.ok()) << keys << run.report();
        del(c, config);
    }
}

TEST_F(VmBridgeVlan, TheBridgeFiltersWhenItHasTo) {
    const TestNetns plain("plain"), filtered("filtered");
    const auto filtering = [] { return link("cni0")["linkinfo"]["info_data"]["vlan_filtering"]; };
    add(plain, layer2());
    EXPECT_EQ(filtering(), 0);
    add(filtered, layer2({{"vlan", 5}}));
    EXPECT_EQ(filtering(), 1) << "an existing bridge is made to filter";
}

TEST_F(VmBridgeVlan, ContainersOfOneVlanReachEachOtherOnly) {
    const ScriptedIpam ipam;
    const TestNetns a("a"), b("b"), other("other");
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    add(a, scripted({{"vlan", 5}}));
    ipam.answer(ipam_result({"10.1.2.3/24"}));
    add(b, scripted({{"vlan", 5}}));
    ipam.answer(ipam_result({"10.1.2.4/24"}));
    add(other, scripted({{"vlan", 6}}));
    EXPECT_TRUE(ping(a.netns(), "10.1.2.3"));
    EXPECT_FALSE(ping(a.netns(), "10.1.2.4"));
}

TEST_F(VmBridgeVlan, TrunksGetTheirFramesWithTags) {
    const TestNetns a("a"), b("b");
    const Mac mac_a = mac_of(add(a, layer2({{"vlan", 10}})));
    const Mac mac_b = mac_of(add(b, layer2({{"vlanTrunk", trunk({10, 20})}})));
    const FrameSocket port_a(a.netns(), "eth0"), trunk_b(b.netns(), "eth0");
    port_a.send({mac_a, broadcast, "from access"});
    const auto seen = trunk_b.receive();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->text, "from access");
    EXPECT_EQ(seen->vlan, 10);
    trunk_b.send({mac_b, broadcast, "other VLAN", 20});
    trunk_b.send({mac_b, broadcast, "not mine", 30});
    trunk_b.send({mac_b, broadcast, "untagged"});
    trunk_b.send({mac_b, broadcast, "from trunk", 10});
    const auto answer = port_a.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text, "from trunk");
    EXPECT_EQ(answer->vlan, 0);
}

TEST_F(VmBridgeVlan, TheGatewayIsOnAnInterfaceOfTheVlan) {
    const TestNetns a("a"), b("b");
    const json config = layer3({{"vlan", 5}});
    const json first = add(a, config), second = add(b, config);
    ASSERT_EQ(first["interfaces"].size(), 4u);
    EXPECT_EQ(first["interfaces"][3],
              (json{{"name", "cni0.5"}, {"mac", link("cni0.5")["address"]}}));
    EXPECT_EQ(second["interfaces"][3], first["interfaces"][3]);
    EXPECT_EQ(addresses("cni0.5"), (std::vector<std::string>{"10.1.2.1/24", "fd00:1:2::1/64"}));
    EXPECT_TRUE(addresses("cni0").empty());
    EXPECT_EQ(sysctl("net/ipv6/conf/cni0.5/accept_ra"), "0");
    for (const char* gateway : {"10.1.2.1", "fd00:1:2::1"}) {
        EXPECT_TRUE(ping(a.netns(), gateway));
        EXPECT_TRUE(ping(b.netns(), gateway));
    }
    json with_record = config;
    with_record["prevResult"] = first;
    const PluginRun run = call("CHECK", args(a), with_record);
    EXPECT_TRUE(run.ok()) << run.report();
    del(a, config);
    EXPECT_TRUE(ping(b.netns(), "10.1.2.1"));
}

TEST_F(VmBridgeVlan, CheckNoticesAVlanThatIsGone) {
    const TestNetns c("c1");
    json config = layer2({{"vlan", 5}, {"vlanTrunk", trunk({10})}});
    const json result = add(c, config);
    output_of({"bridge", "vlan", "delete", "dev", port_of(result), "vid", "10"});
    config["prevResult"] = result;
    const PluginRun run = call("CHECK", args(c), config);
    EXPECT_NE(run.error_message().find("VLAN 10"), std::string::npos) << run.report();
}

TEST_F(VmBridgeVlan, StatusIsFine) {
    PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    const json config =
        layer3({{"cniVersion", "1.1.0"}, {"vlan", 5}, {"ipMasq", true}, {"macspoofchk", true}});
    const PluginRun run = call("STATUS", none, config);
    EXPECT_TRUE(run.ok()) << run.report();
}

}  // namespace
}  // namespace cni::test
