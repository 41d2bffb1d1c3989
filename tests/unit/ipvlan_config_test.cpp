#include "plugins/ipvlan/config.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cni::ipvlan {
namespace {

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(cat(R"({"name": "net1", )", keys, "}")));
}

TEST(IpvlanKeys, LeavesWhatIsNotSaidToTheMaster) {
    const Config config = parse(R"("type": "ipvlan")");
    EXPECT_EQ(config.parent.name, "");
    EXPECT_FALSE(config.parent.in_container);
    EXPECT_EQ(config.mode, Ipvlan::Mode::l2);
    EXPECT_FALSE(config.isolation);
    EXPECT_EQ(config.mtu, 0u);
    EXPECT_FALSE(config.has_ipam);
    EXPECT_FALSE(parse(R"("isolation": "")").isolation);
}

TEST(IpvlanKeys, IsOfRealTypes) {
    const Config config = parse(R"("master": "m0", "linkInContainer": true, "mode": "l3s",
                                   "isolation": "bridge", "mtu": 1400, "ipam": {"type": "x"})");
    EXPECT_EQ(config.parent.name, "m0");
    EXPECT_TRUE(config.parent.in_container);
    EXPECT_EQ(config.mode, Ipvlan::Mode::l3s);
    EXPECT_EQ(config.isolation, Ipvlan::Isolation::bridge);
    EXPECT_EQ(config.mtu, 1400u);
    EXPECT_TRUE(config.has_ipam);
    EXPECT_EQ(parse(R"("mtu": -1)").mtu, 0u);
}

}  // namespace
}  // namespace cni::ipvlan
