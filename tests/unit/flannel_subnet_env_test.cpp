#include "plugins/flannel/subnet_env.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace cni::flannel {
namespace {

using ::testing::ElementsAre;

SubnetEnv parse(std::string_view text) {
    return SubnetEnv::parse(text, "the file");
}

std::string fault_of(std::string_view text) {
    return test::thrown([&] { parse(text); }).msg;
}

constexpr std::string_view rest = "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n";

std::string with(std::string_view lines) {
    return cat("FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\n", rest, lines);
}

Prefix prefix(std::string_view text) {
    return Prefix::parse(text).value();
}

TEST(FlannelSubnetEnv, SaysNetworksSubnetsAndMtu) {
    const SubnetEnv env = parse(
        "FLANNEL_NETWORK=10.1.0.0/16,10.2.3.4/16,10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\n"
        "FLANNEL_IPV6_NETWORK=2001:db8::/48\nFLANNEL_IPV6_SUBNET=2001:db8:0:1::1/64\n"
        "FLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n");
    EXPECT_THAT(env.networks,
                ElementsAre(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"), prefix("2001:db8::/48")));
    EXPECT_THAT(env.subnets, ElementsAre(prefix("10.1.17.0/24"), prefix("2001:db8:0:1::/64")));
    EXPECT_EQ(env.mtu, 1472u);
    EXPECT_TRUE(env.masquerades);
}

TEST(FlannelSubnetEnv, OneFamilyWillDo) {
    const SubnetEnv env =
        parse(cat("FLANNEL_IPV6_NETWORK=fd00::/48\nFLANNEL_IPV6_SUBNET=fd00:0:0:1::1/64\n", rest));
    EXPECT_THAT(env.networks, ElementsAre(prefix("fd00::/48")));
    EXPECT_THAT(env.subnets, ElementsAre(prefix("fd00:0:0:1::/64")));
}

TEST(FlannelSubnetEnv, OnlyTrueIsTrue) {
    for (const char* text : {"TRUE", "1", "", " true", "true ", "\"true\""})
        EXPECT_FALSE(parse(with(cat("FLANNEL_IPMASQ=", text, "\n"))).masquerades) << text;
}

TEST(FlannelSubnetEnv, TheLastOfRepeatedKeysCountsAndOthersDoNot) {
    const SubnetEnv env =
        parse(with("FLANNEL_MTU=9000\n# FLANNEL_MTU=1\njunk\n\nFLANNEL_X=1\n=\n"));
    EXPECT_EQ(env.mtu, 9000u);
    EXPECT_EQ(env.subnets, parse(with("")).subnets);
}

TEST(FlannelSubnetEnv, MissingKeysAreNamed) {
    EXPECT_EQ(fault_of(""),
              "the file is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, "
              "FLANNEL_IPV6_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ");
    EXPECT_EQ(fault_of("FLANNEL_NETWORK=10.1.0.0/16"),
              "the file is missing FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, "
              "FLANNEL_IPMASQ");
}

TEST(FlannelSubnetEnv, ValuesThatAreNoneAreErrors) {
    EXPECT_EQ(fault_of(with("FLANNEL_SUBNET=junk")), "invalid CIDR address: junk");
    EXPECT_EQ(fault_of(with("FLANNEL_SUBNET=10.1.17.1/24\r")),
              "invalid CIDR address: 10.1.17.1/24\r");
    EXPECT_EQ(fault_of(with("FLANNEL_NETWORK=")), "invalid CIDR address: ");
    EXPECT_EQ(fault_of(with("FLANNEL_NETWORK=10.1.0.0/16,")), "invalid CIDR address: ");
    EXPECT_EQ(fault_of(with("FLANNEL_IPV6_SUBNET=x")), "invalid CIDR address: x");
    for (const char* mtu : {"-1", "", "1e3", " 1450", "65536", "99999999999999999999"})
        EXPECT_EQ(fault_of(with(cat("FLANNEL_MTU=", mtu))),
                  cat("FLANNEL_MTU must be between 0 and 65535, not ", quote(mtu)));
    EXPECT_EQ(fault_of(with("FLANNEL_SUBNET")), "FLANNEL_SUBNET has no value");
    EXPECT_EQ(fault_of(with("FLANNEL_IPMASQ\n")), "FLANNEL_IPMASQ has no value");
}

}  // namespace
}  // namespace cni::flannel
