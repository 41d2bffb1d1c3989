#include <gtest/gtest.h>

#include "plugins/vlan/config.h"
#include "support/thrown.h"

namespace cni::vlan {
namespace {

Config parse(const std::string& keys) {
    return parse_config(
        NetConf::parse(R"({"name": "net1", "master": "m0", "ipam": {"type": "x"})" + keys + "}"));
}

TEST(VlanConfig, WithoutKeysItIsVlan0OfTheMaster) {
    const Config config = parse("");
    EXPECT_EQ(config.parent.name, "m0");
    EXPECT_FALSE(config.parent.in_container);
    EXPECT_EQ(config.kind, Vlan{});
    EXPECT_EQ(config.mtu, 0u);
}

TEST(VlanConfig, HasEachKey) {
    const Config config = parse(R"(, "vlanId": 4094, "protocol": "802.1ad", "mtu": 1400,
                                   "linkInContainer": true)");
    EXPECT_EQ(config.kind, (Vlan{.id = 4094, .protocol = Vlan::Protocol::ieee_802_1ad}));
    EXPECT_EQ(config.mtu, 1400u);
    EXPECT_TRUE(config.parent.in_container);
}

TEST(VlanConfig, KnowsProtocolsByTheirNames) {
    for (const char* name : {"", "802.1Q", "802.1q"})
        EXPECT_EQ(parse(cat(R"(, "protocol": ")", name, "\"")).kind.protocol,
                  Vlan::Protocol::ieee_802_1q);
    const Error error = test::thrown([] { parse(R"(, "protocol": "802.1AD")"); });
    EXPECT_EQ(error.code, Code::invalid_config);
    EXPECT_EQ(error.details, "\"protocol\" must be one of \"802.1Q\", \"802.1q\", \"802.1ad\"");
}

TEST(VlanConfig, NeedsAMasterAndAnIpamPlugin) {
    const auto problem = [](const std::string& keys) {
        const NetConf conf = NetConf::parse(R"({"name": "net1")" + keys + "}");
        return test::thrown([&] { parse_config(conf); }).msg;
    };
    EXPECT_EQ(problem(R"(, "ipam": {"type": "x"})"),
              "\"master\" field is required. It specifies the host interface name to create the "
              "VLAN for");
    EXPECT_EQ(problem(R"(, "master": "m0")"), "no plugin name provided");
}

}  // namespace
}  // namespace cni::vlan
