#include <gtest/gtest.h>

#include "plugins/bridge/config.h"

namespace cni::bridge {
namespace {

using Vlans = std::vector<PortVlan>;

Request request(const std::string& keys, const std::string& cni_args = {}) {
    Request result;
    result.args.cni_args = cni_args;
    result.conf =
        NetConf::parse("{\"cniVersion\": \"1.0.0\", \"name\": \"net1\", \"type\": \"bridge\"" +
                       (keys.empty() ? "" : ", " + keys) + "}");
    return result;
}

Config config(const std::string& keys) {
    return parse_config(request(keys));
}

TEST(BridgeConfig, DefaultsAreThoseOfTheReference) {
    const Config c = config("");
    EXPECT_EQ(c.bridge, "cni0");
    EXPECT_FALSE(c.is_gateway || c.is_default_gateway || c.force_address || c.ip_masq);
    EXPECT_FALSE(c.port.hairpin || c.port.isolated || c.promiscuous || c.spoof_check);
    EXPECT_FALSE(c.has_trunk || c.preserve_default_vlan || c.leave_container_link_down);
    EXPECT_FALSE(c.layer3 || c.mac || c.filters_vlans());
    EXPECT_EQ(c.mtu, 0u);
    EXPECT_EQ(c.vlan, 0);
    EXPECT_EQ(c.dad, Dad::off);
}

TEST(BridgeConfig, NullIsAbsent) {
    EXPECT_EQ(config("\"bridge\": null").bridge, "cni0");
    EXPECT_FALSE(config("\"vlanTrunk\": null").has_trunk);
}

TEST(BridgeConfig, IsDefaultGatewayImpliesIsGateway) {
    const Config c = config("\"isDefaultGateway\": true, \"isGateway\": false");
    EXPECT_TRUE(c.is_gateway);
    EXPECT_TRUE(c.is_default_gateway);
}

TEST(BridgeConfig, MtuBelowZeroIsTheKernelsChoice) {
    EXPECT_EQ(config("\"mtu\": -5").mtu, 0u);
    EXPECT_EQ(config("\"mtu\": 65535").mtu, 65535u);
    EXPECT_THROW(config("\"mtu\": 65536"), Error);
    EXPECT_THROW(config("\"mtu\": 1e3"), Error);
}

TEST(BridgeConfig, AnEmptyIpamTypeIsLayer2) {
    EXPECT_FALSE(config("\"ipam\": {}").layer3);
    EXPECT_FALSE(config("\"ipam\": {\"type\": \"\"}").layer3);
    EXPECT_TRUE(config("\"ipam\": {\"type\": \"static\"}").layer3);
}

TEST(BridgeConfig, TrunkIsSortedAndDistinct) {
    const Config c = config(R"("vlanTrunk": [{"id": 30}, {"minID": 10, "maxID": 12, "id": 5},
                                             {"id": 11}])");
    EXPECT_EQ(c.trunk, (std::vector<std::uint16_t>{5, 10, 11, 12, 30}));
    EXPECT_TRUE(c.filters_vlans());
}

TEST(BridgeConfig, AnEmptyTrunkFiltersButHasNoVlans) {
    for (const char* keys : {"\"vlanTrunk\": []", "\"vlanTrunk\": [{}]"}) {
        const Config c = config(keys);
        EXPECT_TRUE(c.filters_vlans());
        EXPECT_TRUE(c.port_vlans().empty());
    }
}

TEST(BridgeConfig, PortVlansFollowVlanAndTrunk) {
    EXPECT_EQ(config("").port_vlans(), Vlans{});
    EXPECT_EQ(config("\"vlan\": 5").port_vlans(), (Vlans{{5, true, true}}));
    EXPECT_EQ(config(R"("vlanTrunk": [{"id": 10}])").port_vlans(),
              (Vlans{{10, false, false}, {1, true, true}}));
    EXPECT_EQ(config(R"("vlan": 5, "vlanTrunk": [{"minID": 4, "maxID": 6}])").port_vlans(),
              (Vlans{{5, true, true}, {4, false, false}, {6, false, false}}));
    EXPECT_EQ(config(R"("vlanTrunk": [{"id": 1}, {"id": 2}])").port_vlans(),
              (Vlans{{2, false, false}, {1, true, true}}));
}

TEST(BridgeConfig, StatusDoesNotLookAtCniArgs) {
    const Request odd = request("", "junk");
    EXPECT_THROW(parse_config(odd), Error);
    EXPECT_EQ(parse_config(odd.conf).bridge, "cni0");
}

}  // namespace
}  // namespace cni::bridge
