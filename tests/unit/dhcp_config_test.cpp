#include <gmock/gmock.h>

#include "base/text.h"
#include "ipam/dhcp/config.h"
#include "support/thrown.h"

namespace cni::dhcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config parse(const std::string& keys, std::string_view args = "") {
    return parse_config(NetConf::parse(cat(R"({"name":"net1","ipam":{"type":"dhcp")", keys, "}}")),
                        args);
}

Bytes value_of(const std::string& members, std::string_view args = "") {
    return parse(cat(R"(,"provide":[{"option":"77",)", members, "}]"), args).provided.at(77);
}

TEST(DhcpConfig, AsksForAllThatAResultTells) {
    const Config config = parse("");
    EXPECT_EQ(config.socket_path, "/run/cni/dhcp.sock");
    EXPECT_EQ(config.priority, 0);
    EXPECT_TRUE(config.provided.empty());
    EXPECT_THAT(config.requested, ElementsAre(121, 1, 3, 33, 6, 15, 119, 26, 51, 58, 59));
}

TEST(DhcpConfig, WhatIsRequestedGoesFirst) {
    EXPECT_THAT(parse(R"(,"request":[{"option":"routers"},{"option":"42"}])").requested,
                ElementsAre(3, 42, 121, 1, 33, 6, 15, 119, 26, 51, 58, 59));
    EXPECT_THAT(
        parse(R"(,"request":[{"option":"routers"},{"option":"1","skipDefault":true}])").requested,
        ElementsAre(3, 1));
}

TEST(DhcpConfig, ValuesAreWrittenInSeveralWays) {
    EXPECT_EQ(value_of(R"("value":"0x")"), (Bytes{'0', 'x'}));
    for (const char* hex : {"0x01020a", "01020A", "01:02:0a", "01 02 0a"})
        EXPECT_EQ(value_of(cat(R"("hex":")", hex, "\"")), (Bytes{1, 2, 10})) << hex;
    EXPECT_EQ(value_of(R"("addresses":["10.0.0.1","10.0.0.2"])"),
              (Bytes{10, 0, 0, 1, 10, 0, 0, 2}));
    EXPECT_EQ(value_of(R"("texts":["ab","c"])"), (Bytes{2, 'a', 'b', 1, 'c'}));
    EXPECT_EQ(value_of(R"("fromArg":"A")", "B=1;junk;A=x=y"), (Bytes{'x', '=', 'y'}));
    EXPECT_EQ(value_of(R"("value":"v","fromArg":"A")"), (Bytes{'v'}));
    EXPECT_EQ(value_of(R"("value":"v","fromArg":"A")", "A=w"), (Bytes{'w'}));
}

TEST(DhcpConfig, FamiliesAreChosen) {
    EXPECT_EQ(families_of(parse("").leases), std::vector{Family::v4});
    EXPECT_EQ(families_of(parse(R"(,"family":"ipv4")").leases), std::vector{Family::v4});
    EXPECT_EQ(families_of(parse(R"(,"family":"ipv6")").leases), std::vector{Family::v6});
    EXPECT_EQ(families_of(parse(R"(,"family":"both")").leases),
              (std::vector{Family::v4, Family::v6}));
}

TEST(DhcpConfig, OptionsOfIpv6AreApart) {
    EXPECT_THAT(parse("").requested6, ElementsAre(23, 24));
    EXPECT_THAT(parse(R"(,"request6":[{"option":"1000"},{"option":"24"}])").requested6,
                ElementsAre(1000, 24, 23));
    EXPECT_EQ(parse(R"(,"provide6":[{"option":"user-class","texts":["ab","c"]},
                              {"option":"23","addresses":["fd00::1"]},
                              {"option":"dhcp-client-identifier","hex":"00:04:01"}])")
                  .provided6,
              (Options6{{1, {0, 4, 1}},
                        {15, {0, 2, 'a', 'b', 0, 1, 'c'}},
                        {23, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}));
}

TEST(DhcpConfig, NamesOfHostsAreLabelsInIpv6) {
    const auto fqdn = [](const std::string& name) {
        return parse(R"(,"provide6":[{"option":"host-name","fromArg":"A"}])", cat("A=", name))
            .provided6.at(0);
    };
    EXPECT_EQ(fqdn("ab.c"), (Option6{39, {1, 2, 'a', 'b', 1, 'c'}}));
    EXPECT_EQ(fqdn(std::string(100, 'x')).value.size(), 65u);
    EXPECT_EQ(parse(R"(,"provide6":[{"option":"39","value":"ab"}])").provided6.at(0),
              (Option6{39, {'a', 'b'}}));
}

TEST(DhcpConfig, MistakesAreNamed) {
    const std::pair<std::string, const char*> cases[] = {
        {R"(,"provide":[{"option":"foo","value":"x"}])", "Can not parse option \"foo\""},
        {R"(,"provide":[{"option":"256","value":"x"}])", "Can not parse option \"256\""},
        {R"(,"provide":[{"option":"53","value":"x"}])", "is an option of the protocol itself"},
        {R"(,"provide":[{"value":"x"}])", "needs the key \"option\""},
        {R"(,"provide":[{"option":"60","value":"x","hex":"01"}])", "is a second value"},
        {R"(,"provide":[{"option":"60","hex":"0x1"}])", "an even number of hexadecimal digits"},
        {R"(,"provide":[{"option":"60","hex":"zz"}])", "hexadecimal"},
        {R"(,"provide":[{"option":"60","addresses":["::1"]}])", "must be an IPv4 address"},
        {cat(R"(,"provide":[{"option":"60","value":")", std::string(256, 'x'), "\"}]"),
         "value too long for option: 256 bytes"},
        {R"(,"family":"all")", "\"ipam.family\" must be one of ipv4, ipv6, both"},
        {R"(,"provide6":[{"option":"70000","value":"x"}])", "a number below 65536"},
        {R"(,"provide6":[{"option":"3","value":"x"}])", "is an option of the protocol itself"},
        {R"(,"provide6":[{"option":"23","addresses":["10.0.0.1"]}])", "must be an IPv6 address"},
        {R"(,"request":[{"option":"x"}])", "Can not parse option \"x\""},
        {R"(,"daemonSocketPath":"rel")", "must be an absolute path"},
        {R"(,"priority":-1)", "\"ipam.priority\" must be between"},
    };
    for (const auto& [keys, message] : cases) {
        const Error error = test::thrown([&] { parse(keys); });
        EXPECT_THAT(error.msg, HasSubstr(message)) << keys;
        EXPECT_EQ(error.code, Code::invalid_config) << keys;
    }
    EXPECT_EQ(test::thrown([] { parse_config(NetConf::parse(R"({"name":"n"})")); }).msg,
              "IPAM config missing 'ipam' key");
}

}  // namespace
}  // namespace cni::dhcp
