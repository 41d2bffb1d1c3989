// static: which addresses it hands out, in which order, and what it says about wrong ones.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "support/plugin_run.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Strings = std::vector<std::string>;

class Static : public ::testing::Test {
protected:
    static PluginRun call(const std::string& command, const json& config,
                          const std::optional<std::string>& cni_args = {},
                          const std::string& executables = bin_dir()) {
        return run_plugin("static", command,
                          {.netns = "/nonexistent", .args = cni_args, .executables = executables},
                          config.dump());
    }
    static json network(const json& ipam, const json& keys = json::object()) {
        json config = {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "x"}, {"ipam", ipam}};
        config.merge_patch(keys);
        return config;
    }
    /// 10.1.0.5/24 with a gateway and fd00::5/64 without.
    static json configured(const json& keys = json::object()) {
        return network({{"type", "static"},
                        {"addresses",
                         {{{"address", "10.1.0.5/24"}, {"gateway", "10.1.0.1"}},
                          {{"address", "fd00::5/64"}}}}},
                       keys);
    }
    /// "10.1.0.5/24 10.1.0.1": each address of a successful ADD, its gateway behind it.
    static Strings addresses(const json& config, const std::optional<std::string>& cni_args = {}) {
        const PluginRun run = call("ADD", config, cni_args);
        EXPECT_TRUE(run.ok()) << run.report();
        Strings found;
        if (!run.ok()) return found;
        const json result = run.json();
        if (!result.contains("ips")) return found;
        for (const json& ip : result["ips"])
            found.push_back(cat(ip["address"].get<std::string>(), ip.contains("gateway") ? " " : "",
                                ip.value("gateway", "")));
        return found;
    }
    /// "7 message"
    static std::string error(const json& config, const std::optional<std::string>& cni_args = {},
                             const std::string& command = "ADD") {
        const PluginRun run = call(command, config, cni_args);
        return cat(run.error_code(), " ", run.error_message());
    }
};

TEST_F(Static, PrintsWhatIsConfiguredInEveryVersion) {
    json ipam = configured()["ipam"];
    ipam["routes"] = {
        {{"dst", "0.0.0.0/0"}}, {{"dst", "10.9.0.0/16"}, {"gw", "10.1.0.9"}}, {{"dst", "::/0"}}};
    ipam["dns"] = {{"nameservers", {"1.1.1.1"}},
                   {"domain", "a.b"},
                   {"search", {"x", "y"}},
                   {"options", {"ndots:2"}}};
    for (const char* version : {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"}) {
        const json config = network(ipam, {{"cniVersion", version}});
        const PluginRun ours = call("ADD", config);
        ASSERT_TRUE(ours.ok()) << ours.report();
        EXPECT_EQ(ours.json()["cniVersion"], version);
        if (!reference_dir()) continue;
        EXPECT_EQ(ours.json(), call("ADD", config, {}, *reference_dir()).json()) << version;
    }
}

TEST_F(Static, PassesAllKeysOfARouteAndOfDnsOn) {
    const json routes = json::parse(R"([{"dst":"10.9.0.0/16","gw":"10.1.0.9","mtu":1400,
        "advmss":1200,"priority":5,"table":100,"scope":253},{"dst":"fd01::/64","table":0}])");
    const json dns = {{"search", {"x"}}};
    const json config = configured({{"ipam", {{"routes", routes}, {"dns", dns}}}});
    const PluginRun run = call("ADD", config);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json()["routes"], routes);
    EXPECT_EQ(run.json()["dns"], dns);
    EXPECT_FALSE(run.json().contains("interfaces"));
}

TEST_F(Static, TheDnsBesideIpamIsNotIts) {
    const PluginRun run = call("ADD", configured({{"dns", {{"domain", "a.b"}}}}));
    EXPECT_FALSE(run.json().contains("dns")) << run.report();
}

TEST_F(Static, WithoutAddressesTheResultIsEmpty) {
    EXPECT_THAT(addresses(network({{"type", "static"}})), IsEmpty());
    EXPECT_EQ(error(network({{"type", "static"}}, {{"cniVersion", "0.2.0"}})),
              "7 cannot convert: no valid IP addresses");
}

TEST_F(Static, KeysItDoesNotKnowAndLengthsAreNotLookedAt) {
    const json ipam = {{"type", "another"},
                       {"addresses",
                        {{{"address", "10.1.0.0/0"}, {"version", "6"}, {"gateway", "fd00::1"}},
                         {{"address", "10.1.0.0/32"}},
                         {{"address", "10.1.0.0/32"}},
                         {{"address", "fd00::/128"}}}}};
    EXPECT_THAT(addresses(network(ipam)),
                ElementsAre("10.1.0.0/0 fd00::1", "10.1.0.0/32", "10.1.0.0/32", "fd00::/128"));
}

TEST_F(Static, MappedAddressesAreIPv4) {
    const json ipam = {{"addresses", {{{"address", "::ffff:10.1.0.5/120"}}}}};
    EXPECT_THAT(addresses(network(ipam)), ElementsAre("10.1.0.5/24"));
}

TEST_F(Static, ArgumentsAddAddresses) {
    EXPECT_THAT(addresses(configured(), "IP=10.2.0.5/24, fd01::9/64"),
                ElementsAre("10.1.0.5/24 10.1.0.1", "fd00::5/64", "10.2.0.5/24", "fd01::9/64"));
    EXPECT_THAT(addresses(network({{"type", "static"}}),
                          "IP=10.2.0.5/24, fd00::9/64;GATEWAY=10.2.0.1,fd00::1"),
                ElementsAre("10.2.0.5/24 10.2.0.1", "fd00::9/64 fd00::1"));
    EXPECT_THAT(addresses(configured(), "IP=;GATEWAY="),
                ElementsAre("10.1.0.5/24 10.1.0.1", "fd00::5/64"));
}

TEST_F(Static, AGatewayArgumentCompletesAddressesThatHaveNone) {
    EXPECT_THAT(addresses(configured(), "GATEWAY=10.1.0.9,fd00::7,fd00::8,192.0.2.1"),
                ElementsAre("10.1.0.5/24 10.1.0.1", "fd00::5/64 fd00::8"));
}

TEST_F(Static, AGatewayArgumentIsNotForAddressesThatReplaceThoseOfTheArguments) {
    const char* cni_args = "IP=10.4.0.3/24,fd00::9/64;GATEWAY=10.4.0.1,fd00::1";
    for (const char* place : {"/args/cni/ips", "/runtimeConfig/ips"}) {
        json config = configured();
        config[json::json_pointer(place)] = {"10.4.0.5/24", "fd00::6/64"};
        EXPECT_THAT(addresses(config, cni_args), ElementsAre("10.4.0.5/24", "fd00::6/64")) << place;
    }
}

TEST_F(Static, RuntimeConfigWinsOverArgsAndArgsOverTheRest) {
    const json by_args = {{"args", {{"cni", {{"ips", {"10.3.0.5/24", "fd03::5/64"}}}}}}};
    const json by_runtime = {{"runtimeConfig", {{"ips", {"10.4.0.5/24"}}}}};
    json both = by_args;
    both.update(by_runtime);
    const char* cni_args = "IP=10.2.0.5/24";
    EXPECT_THAT(addresses(configured(by_args), cni_args), ElementsAre("10.3.0.5/24", "fd03::5/64"));
    EXPECT_THAT(addresses(configured(by_runtime), cni_args), ElementsAre("10.4.0.5/24"));
    EXPECT_THAT(addresses(configured(both), cni_args), ElementsAre("10.4.0.5/24"));
    both["runtimeConfig"]["ips"] = json::array();
    EXPECT_THAT(addresses(configured(both), cni_args), ElementsAre("10.3.0.5/24", "fd03::5/64"));
    both["args"]["cni"]["ips"] = json::array();
    EXPECT_THAT(addresses(configured(both)), ElementsAre("10.1.0.5/24 10.1.0.1", "fd00::5/64"));
    // Nobody looks at what is replaced.
    json odd = configured(by_runtime);
    odd["ipam"]["addresses"][0]["address"] = "to be filled in";
    EXPECT_THAT(addresses(odd), ElementsAre("10.4.0.5/24"));
}

TEST_F(Static, NamesTheTextThatIsNoAddress) {
    const auto with_address = [](const json& address) {
        return network({{"addresses", json::array({address})}});
    };
    EXPECT_EQ(error(with_address({{"address", "10.1.0.5"}})),
              "7 the 'address' field is expected to be in CIDR notation, got: '10.1.0.5'");
    EXPECT_EQ(error(with_address({{"gateway", "10.1.0.1"}})),
              "7 the 'address' field is expected to be in CIDR notation, got: ''");
    EXPECT_EQ(error(with_address({{"address", "10.1.0.5/24"}, {"gateway", "bad"}})),
              "7 invalid IP address: bad");
    EXPECT_EQ(error(configured(), "IP=10.2.0.5"),
              "4 the 'ip' field is expected to be in CIDR notation, got: '10.2.0.5'");
    EXPECT_EQ(error(configured(), "IP=10.2.0.5/24,"),
              "4 the 'ip' field is expected to be in CIDR notation, got: ''");
    EXPECT_EQ(error(configured(), "GATEWAY=foo"), "4 invalid gateway address: foo");
    for (const char* place : {"/args/cni/ips", "/runtimeConfig/ips"}) {
        json config = configured();
        config[json::json_pointer(place)] = {"10.3.0.5"};
        EXPECT_EQ(error(config),
                  "7 an entry in the 'ips' field is NOT in CIDR notation, got: '10.3.0.5'");
        // What the arguments say is read nevertheless.
        config[json::json_pointer(place)] = {"10.3.0.5/24"};
        EXPECT_EQ(error(config, "IP=x").substr(0, 2), "4 ") << place;
    }
    EXPECT_EQ(error(configured({{"ipam", {{"routes", {{{"dst", "x"}}}}}}})),
              "7 invalid CIDR address: x");
    EXPECT_EQ(
        error(configured({{"ipam", {{"routes", {{{"dst", "10.9.0.0/16"}, {"gw", "bad"}}}}}}})),
        "7 invalid IP address: bad");
}

TEST_F(Static, RefusesWhatItCannotRead) {
    for (const char* command : {"ADD", "CHECK"})
        EXPECT_EQ(error({{"cniVersion", "1.0.0"}, {"name", "n"}}, {}, command),
                  "7 IPAM config missing 'ipam' key");
    EXPECT_EQ(error({{"cniVersion", "1.0.0"}, {"name", "n"}, {"ipam", nullptr}}),
              "7 IPAM config missing 'ipam' key");
    EXPECT_EQ(error(configured({{"ipam", {{"dns", {{"search", "x"}}}}}})).substr(0, 2), "7 ");
    EXPECT_EQ(error(configured({{"args", {{"cni", {{"ips", {5}}}}}}})).substr(0, 2), "7 ");
    EXPECT_EQ(error(network({{"addresses", {{{"address", 5}}}}})).substr(0, 2), "7 ");
    EXPECT_EQ(error(network({{"addresses", json::object({{"address", "x"}})}})).substr(0, 2), "7 ");
    EXPECT_EQ(error(configured({{"runtimeConfig", {{"ips", "10.4.0.5/24"}}}})).substr(0, 2), "7 ");
    EXPECT_EQ(error(configured(), "IP"), "4 ARGS: invalid pair \"IP\"");
    EXPECT_EQ(error(configured(), "MAC=x"), "4 ARGS: unknown args [\"MAC=x\"]");
    EXPECT_THAT(addresses(configured(), "MAC=x;IgnoreUnknown=1"),
                ElementsAre("10.1.0.5/24 10.1.0.1", "fd00::5/64"));
}

TEST_F(Static, OldVersionsHaveOneAddressOfAFamily) {
    const json old = configured({{"cniVersion", "0.2.0"}});
    EXPECT_TRUE(call("ADD", old).ok());
    EXPECT_EQ(error(old, "IP=10.2.0.5/24"),
              "7 CNI version 0.2.0 does not support more than 1 address per family");
}

TEST_F(Static, CheckComparesPrevResult) {
    json config = configured({{"ipam", {{"routes", {{{"dst", "0.0.0.0/0"}}}}}}});
    EXPECT_EQ(error(config, {}, "CHECK"), "7 Required prevResult missing");
    const json added = call("ADD", config).json();
    const auto check = [&](const char* path, const json& value) {
        json prev = added;
        if (value.is_null())
            prev = prev.patch({{{"op", "remove"}, {"path", path}}});
        else
            prev[json::json_pointer(path)] = value;
        json changed = config;
        changed["prevResult"] = prev;
        return error(changed, {}, "CHECK");
    };
    EXPECT_EQ(check("/cniVersion", "1.1.0"), "0 ");
    // What an interface plugin adds is no difference.
    EXPECT_EQ(check("/ips/1/gateway", "fd00::1"), "0 ");
    EXPECT_EQ(check("/routes/0/gw", "10.1.0.1"), "0 ");
    const std::string expected = "999 static: Failed to match addr 10.1.0.5 on interface eth0";
    EXPECT_EQ(check("/ips/0/gateway", "10.1.0.2"), expected);
    EXPECT_EQ(check("/ips/0/gateway", nullptr), expected);
    EXPECT_EQ(check("/ips/0/address", "10.1.0.5/16"), expected);
    EXPECT_EQ(check("/ips/0", nullptr), expected);
    EXPECT_EQ(check("/routes/0", nullptr), "999 static: Failed to match route 0.0.0.0/0");
}

TEST_F(Static, DelAndGcAskForNothingAndStatusForAUsableConfiguration) {
    json broken = network({{"addresses", {{{"address", "x"}}}}});
    broken["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(call("DEL", broken, "junk").ok());
    EXPECT_TRUE(call("DEL", network(nullptr)).ok());
    EXPECT_TRUE(call("GC", broken).ok());
    EXPECT_TRUE(call("STATUS", configured()).ok());
    EXPECT_EQ(error(broken, {}, "STATUS"),
              "7 the 'address' field is expected to be in CIDR notation, got: 'x'");
}

}  // namespace
}  // namespace cni::test
