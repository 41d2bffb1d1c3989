#include <gtest/gtest.h>

#include "plugins/dummy/config.h"
#include "support/thrown.h"

namespace cni::dummy {
namespace {

Config parse(const std::string& keys, const std::string& cni_args = "") {
    Request request;
    request.conf = NetConf::parse(R"({"name": "net1", "ipam": {"type": "x"})" + keys + "}");
    request.args.cni_args = cni_args;
    return parse_config(request);
}

TEST(DummyConfig, LeavesMacAndMtuToTheKernel) {
    for (const char* keys : {"", R"(, "mac": "", "mtu": 0)", R"(, "mac": null, "mtu": -1)"}) {
        EXPECT_FALSE(parse(keys).mac) << keys;
        EXPECT_EQ(parse(keys).mtu, 0u) << keys;
    }
    EXPECT_EQ(parse(R"(, "mtu": 1400)").mtu, 1400u);
}

TEST(DummyConfig, TheLastOfTheSourcesSaysTheMac) {
    const std::string key = R"(, "mac": "02:00:00:00:00:01")";
    const std::string in_args = R"(, "args": {"cni": {"mac": "02:00:00:00:00:03"}})";
    const std::string by_runtime = R"(, "runtimeConfig": {"mac": "02:00:00:00:00:04"})";
    const std::string variable = "MAC=02:00:00:00:00:02";
    EXPECT_EQ(parse(key).mac, Mac::parse("02:00:00:00:00:01"));
    EXPECT_EQ(parse(key, variable).mac, Mac::parse("02:00:00:00:00:02"));
    EXPECT_EQ(parse(key + in_args, variable).mac, Mac::parse("02:00:00:00:00:03"));
    EXPECT_EQ(parse(by_runtime + key + in_args, variable).mac, Mac::parse("02:00:00:00:00:04"));
}

TEST(DummyConfig, OfCniArgsOnlyTheMacIsLookedAt) {
    for (const char* variable : {"IP=10.1.2.3", "IP=10.1.2.3;MAC=02:00:00:00:00:01", "junk;=;a=b=c",
                                 "IgnoreUnknown=maybe"})
        EXPECT_EQ(parse("", variable).mac.has_value(),
                  std::string_view(variable).find("MAC") != std::string_view::npos)
            << variable;
}

TEST(DummyConfig, AnIpamPluginIsRequired) {
    const auto error = test::thrown([] { parse(R"(, "ipam": {})"); });
    EXPECT_EQ(error.msg, "dummy interface requires an IPAM configuration");
    EXPECT_EQ(error.code, Code::invalid_config);
}

}  // namespace
}  // namespace cni::dummy
