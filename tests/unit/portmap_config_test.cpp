#include <gtest/gtest.h>
#include <netinet/in.h>

#include "plugins/portmap/config.h"
#include "support/thrown.h"

namespace cni::portmap {
namespace {

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(R"({"cniVersion": "1.0.0", "name": "net1", )" + keys + "}"));
}

Config with_mappings(const std::string& list) {
    return parse(R"("runtimeConfig": {"portMappings": [)" + list + "]}");
}

Error rejected(const std::string& keys) {
    return test::thrown([&] { parse(keys); });
}

Error rejected_mapping(const std::string& mapping) {
    return test::thrown([&] { with_mappings(mapping); });
}

TEST(PortmapConfig, DefaultsAreThoseOfTheReference) {
    const Config c = parse(R"("type": "portmap")");
    EXPECT_TRUE(c.mappings.empty());
    EXPECT_TRUE(c.snat);
    EXPECT_FALSE(c.masq_all);
    EXPECT_EQ(c.mark_bit, 13);
    EXPECT_FALSE(c.external_mark_chain || c.backend);
    EXPECT_TRUE(c.conditions_v4.empty() && c.conditions_v6.empty());
}

TEST(PortmapConfig, MappingsAreReadInAnyLetterCase) {
    const Config c = with_mappings(
        R"({"HostPort": 8080, "ContainerPort": 80, "Protocol": "TCP", "HostIP": ""},
           {"hostPort": 53, "containerPort": 5353, "protocol": "udp", "hostIP": "::ffff:10.1.1.1"},
           {"hostPort": 9, "containerPort": 9, "hostIP": "0.0.0.0"},
           {"hostPort": 8080, "containerPort": 80, "protocol": "tcp"})");
    ASSERT_EQ(c.mappings.size(), 3u);  // the last is the first once more
    EXPECT_EQ(c.mappings[0], (Mapping{IPPROTO_TCP, 8080, 80, {}}));
    EXPECT_EQ(c.mappings[1], (Mapping{IPPROTO_UDP, 53, 5353, Ip::parse("10.1.1.1")}));
    EXPECT_TRUE(c.mappings[0].applies_to(Family::v6));
    EXPECT_FALSE(c.mappings[2].applies_to(Family::v6));
    EXPECT_FALSE(c.mappings[2].destination());
}

TEST(PortmapConfig, WrongMappingsAreNamed) {
    EXPECT_EQ(rejected_mapping(R"({"hostPort": 0, "containerPort": 80})").msg,
              "Invalid host port number: 0");
    EXPECT_EQ(rejected_mapping(R"({"hostPort": 1, "containerPort": -1})").msg,
              "Invalid container port number: -1");
    EXPECT_EQ(rejected_mapping(R"({"hostPort": 65536, "containerPort": 1})").msg,
              "Invalid host port number: 65536");
    EXPECT_EQ(rejected_mapping(R"({"hostPort": 1, "containerPort": 1, "protocol": "icmp"})").msg,
              "unknown protocol \"icmp\" of a port mapping");
    for (const char* mapping : {R"({"hostPort": "80", "containerPort": 1})", "7",
                                R"({"hostPort": 1, "containerPort": 1, "hostIP": "x"})"})
        EXPECT_EQ(rejected_mapping(mapping).code, Code::invalid_config) << mapping;
}

TEST(PortmapConfig, TheMarkIsABitOrAChain) {
    EXPECT_EQ(parse(R"("markMasqBit": 0)").mark_bit, 0);
    EXPECT_EQ(parse(R"("externalSetMarkChain": "KUBE-MARK-MASQ")").external_mark_chain,
              "KUBE-MARK-MASQ");
    EXPECT_EQ(rejected(R"("markMasqBit": 32)").msg, "MasqMarkBit must be between 0 and 31");
    EXPECT_EQ(rejected(R"("markMasqBit": 1, "externalSetMarkChain": "X")").msg,
              "Cannot specify externalSetMarkChain and markMasqBit");
    EXPECT_EQ(rejected(R"("externalSetMarkChain": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAA")").code,
              Code::invalid_config);
}

TEST(PortmapConfig, TheBackendIsNamedOrFollowsFromOtherKeys) {
    EXPECT_EQ(parse(R"("backend": "")").backend, std::nullopt);
    EXPECT_EQ(parse(R"("backend": "nftables")").backend, "nftables");
    EXPECT_EQ(parse(R"("conditionsV4": ["-s", "10.0.0.0/8"])").backend, "iptables");
    EXPECT_EQ(parse(R"("conditionsV6": ["ip6", "saddr", "fd00::/8"])").backend, "nftables");
    EXPECT_EQ(parse(R"("externalSetMarkChain": "X")").backend, "iptables");
    EXPECT_EQ(rejected(R"("backend": "foo")").msg, "unrecognized backend \"foo\"");
    EXPECT_EQ(rejected(R"("backend": "iptables", "conditionsV4": ["ip", "saddr", "10.0.0.1"])").msg,
              "iptables backend was requested but configuration contains nftables-specific options "
              "[conditionsV4]");
    EXPECT_EQ(rejected(R"("backend": "nftables", "externalSetMarkChain": "X",
                          "conditionsV4": ["!", "-s", "10.0.0.1"], "conditionsV6": ["-i", "x"])")
                  .msg,
              "nftables backend was requested but configuration contains iptables-specific options "
              "[externalSetMarkChain conditionsV4 conditionsV6]");
}

TEST(PortmapConfig, TheFirstAddressOfTheContainerInEachFamilyCounts) {
    Result result;
    Interface host, container;
    host.name = "eth0";
    container.name = "eth0";
    container.sandbox = "/run/netns/c1";
    result.interfaces = {host, container};
    const auto address = [](const char* text, std::optional<int> interface) {
        return IpConfig{*Prefix::parse(text), {}, interface};
    };
    result.ips = {address("10.0.0.1/8", 0), address("10.0.0.2/8", 1), address("10.0.0.3/8", {}),
                  address("fd00::1/64", 7), address("fd00::2/64", 1)};
    const auto found =
        forwardings(parse(R"("snat": false, "masqAll": true)"), result, {"net1", "c1", "eth0"});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].container, *Prefix::parse("10.0.0.2/8"));
    EXPECT_EQ(found[1].container, *Prefix::parse("fd00::1/64"));
    EXPECT_FALSE(found[0].masq_all);  // means nothing without snat
    EXPECT_TRUE(forwardings(parse(R"("snat": true)"), result, {"net1", "c1", "eth1"}).size() == 2u);
}

}  // namespace
}  // namespace cni::portmap
