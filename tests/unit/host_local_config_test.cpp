#include "ipam/host-local/config.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cni::host_local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config parse(const std::string& keys, const std::string& cni_args = "",
             const std::string& version = "1.0.0") {
    Request request;
    request.args.cni_args = cni_args;
    request.conf = NetConf::parse(cat("{\"cniVersion\":", quote(version), ",\"name\":\"net\"",
                                      keys.empty() ? "" : ",", keys, "}"));
    return parse_config(request);
}

Config parse_ipam(const std::string& ipam) {
    return parse(cat("\"ipam\":{", ipam, "}"));
}

template <typename F>
std::string error_of(F&& body) {
    try {
        body();
    } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::invalid_config) << error.msg;
        return error.msg;
    }
    return "no error";
}

std::string ipam_error(const std::string& ipam) {
    return error_of([&] { parse_ipam(ipam); });
}

const std::string subnet = R"("ipam":{"subnet":"10.1.2.0/24"})";

std::vector<std::string> texts(const Config& config) {
    std::vector<std::string> out;
    for (const RangeSet& set : config.sets) out.push_back(set.to_string());
    return out;
}

TEST(HostLocalConfig, TakesSetsFromTheRuntimeThenTheSingleRangeThenTheList) {
    const Config config = parse(
        R"("ipam":{"ranges":[[{"subnet":"10.3.0.0/29"},{"subnet":"10.4.0.0/29"}]],
                   "subnet":"10.2.0.0/29","rangeStart":"10.2.0.3"},
           "runtimeConfig":{"ipRanges":[[{"subnet":"10.1.0.0/29"}]]})");
    EXPECT_THAT(texts(config), ElementsAre("10.1.0.1-10.1.0.6", "10.2.0.3-10.2.0.6",
                                           "10.3.0.1-10.3.0.6,10.4.0.1-10.4.0.6"));
}

TEST(HostLocalConfig, IgnoresTheBoundsOfASingleRangeWithoutSubnet) {
    const Config config = parse_ipam(
        R"("rangeStart":"10.9.0.1","gateway":"10.9.0.2","ranges":[[{"subnet":"10.3.0.0/29"}]])");
    EXPECT_THAT(texts(config), ElementsAre("10.3.0.1-10.3.0.6"));
}

TEST(HostLocalConfig, KeepsLeasesWhereTheReferenceDoes) {
    EXPECT_EQ(parse(subnet).location.path(), "/var/lib/cni/networks/net");
    EXPECT_EQ(parse_ipam(R"("subnet":"10.1.2.0/24","dataDir":"/run/x")").location.path(),
              "/run/x/net");
}

TEST(HostLocalConfig, AddsUpRequestedAddressesInOrderWithoutRepeats) {
    const Config config = parse(subnet + R"(,"args":{"cni":{"ips":["10.1.2.8/24","10.1.2.7"]}},
                     "runtimeConfig":{"ips":["10.1.2.7/16","::ffff:10.1.2.6"]})",
                                "IgnoreUnknown=1;IP=10.1.2.9;K=v");
    std::vector<std::string> requested;
    for (const Ip& ip : config.requested) requested.push_back(ip.to_string());
    EXPECT_THAT(requested, ElementsAre("10.1.2.9", "10.1.2.8", "10.1.2.7", "10.1.2.6"));
}

TEST(HostLocalConfig, RefusesRequestedAddressesItCannotRead) {
    const auto requested = [](const char* ips) {
        return error_of([&] { parse(cat(subnet, ",\"runtimeConfig\":{\"ips\":[", ips, "]}")); });
    };
    EXPECT_EQ(requested("\"foo\""), "invalid IP address foo");
    EXPECT_EQ(requested("\"10.1.2.3/40\""), "invalid IP address 10.1.2.3/40");
    EXPECT_EQ(requested("\"\""), "cannot understand ip: IP <nil> not v4 nor v6");
    EXPECT_THAT(requested("3"), HasSubstr("runtimeConfig.ips[0]"));
}

TEST(HostLocalConfig, ReadsTheAddressInCniArgs) {
    EXPECT_TRUE(parse(subnet, "IP=").requested.empty());
    try {
        parse(subnet, "IP=foo");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.msg,
                  "ARGS: error parsing value of pair \"IP=foo\": invalid IP address foo");
        EXPECT_EQ(error.code, Code::invalid_environment);
    }
    try {
        parse(subnet, "A=b");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.msg, "ARGS: unknown args [\"A=b\"]");
    }
}

TEST(HostLocalConfig, NeedsARange) {
    EXPECT_EQ(error_of([] { parse(""); }), "IPAM config missing 'ipam' key");
    EXPECT_EQ(error_of([] { parse("\"ipam\":null"); }), "IPAM config missing 'ipam' key");
    EXPECT_EQ(ipam_error(""), "no IP ranges specified");
    EXPECT_EQ(ipam_error(R"("ranges":[])"), "no IP ranges specified");
    EXPECT_EQ(ipam_error(R"("ranges":[[]])"), "invalid range set 0: empty range set");
}

TEST(HostLocalConfig, NamesTheSetThatIsWrong) {
    EXPECT_EQ(ipam_error(R"("ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"10.1.2.1/31"}]])"),
              "invalid range set 1: Network has host bits set. For a subnet mask of length 31 the "
              "network address is 10.1.2.0");
    EXPECT_EQ(ipam_error(R"("ranges":[[{"rangeStart":"10.1.0.4"}]])"),
              "invalid range set 0: IP <nil> not v4 nor v6");
    EXPECT_EQ(ipam_error(R"("subnet":"::ffff:10.1.2.0/120")"),
              "invalid range set 0: IPNet IP and Mask version mismatch");
    EXPECT_EQ(ipam_error(R"("ranges":[[{"subnet":"10.1.0.0/24"},{"subnet":"fd00::/64"}]])"),
              "invalid range set 0: mixed address families");
    EXPECT_EQ(ipam_error(R"("ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00::/64"}],
                                      [{"subnet":"10.1.0.0/25"}]])"),
              "range set 0 overlaps with 2");
}

TEST(HostLocalConfig, NamesTheTextThatIsNoAddress) {
    EXPECT_EQ(ipam_error(R"("subnet":"10.1.2.0")"), "invalid CIDR address: 10.1.2.0");
    EXPECT_EQ(ipam_error(R"("subnet":"10.1.2.0/24","gateway":"x")"), "invalid IP address: x");
    EXPECT_EQ(ipam_error(R"("ranges":[[{"subnet":"10.1.2.0/24","rangeEnd":"10.1.2"}]])"),
              "invalid IP address: 10.1.2");
    EXPECT_EQ(ipam_error(R"("subnet":"10.1.2.0/24","routes":[{"dst":"x"}])"),
              "invalid CIDR address: x");
}

TEST(HostLocalConfig, RefusesListsOfAnotherShape) {
    EXPECT_THAT(ipam_error(R"("ranges":[{"subnet":"10.1.2.0/24"}])"), HasSubstr("ipam.ranges[0]"));
    EXPECT_THAT(ipam_error(R"("ranges":"10.1.2.0/24")"), HasSubstr("ipam.ranges"));
}

TEST(HostLocalConfig, AllowsSeveralSetsOfAFamilyFromVersion030On) {
    const std::string two =
        R"("ipam":{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"10.2.0.0/24"}]]})";
    EXPECT_EQ(error_of([&] { parse(two, "", "0.2.0"); }),
              "CNI version 0.2.0 does not support more than 1 address per family");
    EXPECT_EQ(parse(two, "", "0.3.0").sets.size(), 2u);
    const std::string dual =
        R"("ipam":{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00::/64"}]]})";
    EXPECT_EQ(parse(dual, "", "0.2.0").sets.size(), 2u);
}

TEST(HostLocalConfig, CopiesRoutesWithAllTheirKeys) {
    const Config config = parse_ipam(
        R"("subnet":"10.1.2.0/24","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.9","mtu":-5,"table":0}])");
    ASSERT_EQ(config.routes.size(), 1u);
    EXPECT_EQ(config.routes[0].mtu, -5);
    EXPECT_EQ(config.routes[0].table, 0);
    EXPECT_EQ(config.routes[0].gw, Ip::parse("10.1.2.9"));
}

TEST(HostLocalLocation, DoesNotDependOnTheRestOfTheConfiguration) {
    const auto location = [](const char* ipam) {
        return Location::parse(NetConf::parse(cat("{\"name\":\"net\",\"ipam\":", ipam, "}")));
    };
    EXPECT_EQ(location(R"({"dataDir":"/x","subnet":"nonsense"})").path(), "/x/net");
    EXPECT_EQ(location("null").path(), "/var/lib/cni/networks/net");
    EXPECT_EQ(location("7").path(), "/var/lib/cni/networks/net");
    EXPECT_THAT(error_of([&] { location(R"({"dataDir":7})"); }), HasSubstr("ipam.dataDir"));
}

}  // namespace
}  // namespace cni::host_local
