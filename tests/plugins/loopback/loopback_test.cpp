#include <fcntl.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/plugin_run.h"
#include "support/refusal.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

json config_of(const std::string& version) {
    json config = {{"name", "lo-net"}, {"type", "loopback"}};
    if (!version.empty()) config["cniVersion"] = version;
    return config;
}

class Loopback : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) container_.emplace("c1");
    }

    PluginRun call(const std::string& command, const json& config = config_of("1.1.0")) const {
        return run_plugin("loopback", command, {.netns = container_->path()}, config.dump());
    }
    PluginRun call_at(const std::string& command, const std::string& netns) const {
        return run_plugin("loopback", command, {.netns = netns}, config_of("1.1.0").dump());
    }
    // Compact, as the versions print the same result.
    std::string added(const std::string& version) const {
        const PluginRun run = call("ADD", config_of(version));
        EXPECT_TRUE(run.ok()) << run.report();
        return nlohmann::ordered_json::parse(run.out).dump();
    }
    std::string ip(const std::vector<std::string>& arguments) const {
        std::vector<std::string> argv = {"ip"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return container_->output_of(argv);
    }
    bool is_up() const {
        return ip({"-o", "link", "show", "lo"}).find("LOOPBACK,UP") != std::string::npos;
    }

    std::optional<TestNetns> container_;
};

TEST_F(Loopback, AddBringsLoUpAndDescribesIt) {
    EXPECT_FALSE(is_up());
    const std::string expected =
        R"(,"interfaces":[{"mac":"00:00:00:00:00:00","name":"lo","sandbox":"/run/netns/c1"}],)"
        R"("ips":[{"address":"127.0.0.1/8","interface":0},{"address":"::1/128","interface":0}]})";
    EXPECT_EQ(added("1.1.0"), cat(R"({"cniVersion":"1.1.0")", expected));
    EXPECT_TRUE(is_up());
    EXPECT_EQ(added("1.0.0"), cat(R"({"cniVersion":"1.0.0")", expected));
}

TEST_F(Loopback, AddPrintsTheShapeOfEachOlderVersion) {
    for (const char* version : {"0.3.0", "0.3.1", "0.4.0"})
        EXPECT_EQ(
            added(version),
            cat(R"({"cniVersion":")", version,
                R"(","interfaces":[{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"/run/netns/c1"}],)",
                R"("ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"},)",
                R"({"version":"6","interface":0,"address":"::1/128"}],"dns":{}})"));
    for (const char* version : {"0.1.0", "0.2.0"})
        EXPECT_EQ(added(version),
                  cat(R"({"cniVersion":")", version,
                      R"(","ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"},"dns":{}})"));
    EXPECT_EQ(added(""), added("0.1.0"));
}

TEST_F(Loopback, SandboxIsThePathAsGiven) {
    const PluginRun run = call_at("ADD", "/run/netns/../netns/c1");
    EXPECT_EQ(run.json()["interfaces"][0]["sandbox"], "/run/netns/../netns/c1");
}

TEST_F(Loopback, AddAndDelCanBeRepeated) {
    const std::string first = added("1.1.0");
    EXPECT_EQ(added("1.1.0"), first);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(call("DEL").ok());
        EXPECT_FALSE(is_up());
    }
    EXPECT_EQ(added("1.1.0"), first);
}

TEST_F(Loopback, InterfaceNameIsNotLookedUp) {
    const PluginRun run =
        run_plugin("loopback", "ADD", {.netns = container_->path(), .ifname = "eth7"},
                   config_of("1.1.0").dump());
    EXPECT_EQ(run.json()["interfaces"][0]["name"], "lo");
}

TEST_F(Loopback, OnlyTheFirstAddressOfAFamilyIsReported) {
    ip({"address", "add", "127.0.0.2/8", "dev", "lo"});
    ip({"link", "set", "lo", "up"});
    EXPECT_EQ(call("ADD").json()["ips"].size(), 2u);
}

TEST_F(Loopback, WithoutIpv6OnlyTheIpv4AddressIsReported) {
    container_->run([] {
        const char* key = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";
        write_all(open_at(AT_FDCWD, key, O_WRONLY, 0, key).get(), "1", key);
    });
    EXPECT_EQ(call("ADD").json()["ips"],
              json::parse(R"([{"address": "127.0.0.1/8", "interface": 0}])"));
}

TEST_F(Loopback, ForeignAddressesOnLoFailAddAndLeaveItDown) {
    for (const auto& [address, shown] :
         {std::pair("10.0.0.1/8", "10.0.0.1"), std::pair("fd00::1/64", "fd00::1")}) {
        ip({"address", "add", address, "dev", "lo"});
        const PluginRun run = call("ADD");
        EXPECT_EQ(run.error_message(),
                  cat("loopback interface found with non-loopback address \"", shown, "\""));
        EXPECT_EQ(run.error_code(), 999);
        EXPECT_FALSE(is_up());
        EXPECT_THAT(ip({"-o", "address", "show", "lo"}), HasSubstr(address));
        ip({"address", "del", address, "dev", "lo"});
    }
}

TEST_F(Loopback, FailedAddLeavesALoThatWasUpAlone) {
    ip({"link", "set", "lo", "up"});
    ip({"address", "add", "10.0.0.1/8", "dev", "lo"});
    EXPECT_FALSE(call("ADD").ok());
    EXPECT_TRUE(is_up());
}

TEST_F(Loopback, AddPassesPrevResultOnInTheConfigurationsVersion) {
    const std::pair<const char*, const char*> results[] = {
        {"0.2.0",
         R"({"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1"},"dns":{"domain":"d"}})"},
        {"0.3.1", R"({"cniVersion":"0.3.1","interfaces":[{"name":"eth0","sandbox":"/x"}],)"
                  R"("ips":[{"version":"4","interface":0,"address":"10.1.2.3/24"}],"dns":{}})"},
        {"0.4.0", R"({"cniVersion":"0.4.0","routes":[{"dst":"::/0","mtu":9}],"dns":{}})"},
        {"1.0.0", R"({"cniVersion":"1.0.0","interfaces":[{"mtu":9,"name":"eth0"}]})"},
        {"1.1.0",
         R"({"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}],"routes":[{"dst":"::/0","table":0}]})"},
    };
    for (const auto& [version, prev] : results) {
        json config = config_of(version);
        config["prevResult"] = json::parse(prev);
        const PluginRun run = call("ADD", config);
        ASSERT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(nlohmann::ordered_json::parse(run.out).dump(), prev);
    }
    EXPECT_TRUE(is_up());
}

TEST_F(Loopback, PrevResultOfTheFamilyIsReprintedWithTheConfigurationsNumber) {
    json config = config_of("0.4.0");
    config["prevResult"] = {{"cniVersion", "0.3.0"}};
    EXPECT_EQ(call("ADD", config).json()["cniVersion"], "0.4.0");
}

TEST_F(Loopback, PrevResultLosesUnknownKeys) {
    json config = config_of("1.1.0");
    config["prevResult"] = json::parse(R"({"interfaces": [{"name": "eth0", "x": 1}], "y": {}})");
    EXPECT_EQ(call("ADD", config).json(),
              json::parse(R"({"cniVersion": "1.1.0", "interfaces": [{"name": "eth0"}]})"));
}

TEST_F(Loopback, EmptyPrevResultIsAResult) {
    json config = config_of("1.1.0");
    config["prevResult"] = json::object();
    EXPECT_EQ(call("ADD", config).json(), json::parse(R"({"cniVersion": "1.1.0"})"));
    config["prevResult"] = nullptr;
    EXPECT_EQ(call("ADD", config).json()["interfaces"].size(), 1u);
}

TEST_F(Loopback, BadPrevResultFailsAddBeforeAnythingIsDone) {
    json config = config_of("1.1.0");
    for (const char* prev :
         {"[]", R"({"cniVersion": "0.4.0"})", R"({"ips": [null]})", R"({"ips": [{}]})"}) {
        config["prevResult"] = json::parse(prev);
        const PluginRun run = call("ADD", config);
        EXPECT_EQ(run.error_code(), 7) << prev << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr("prevResult")) << prev;
    }
    EXPECT_FALSE(is_up());
}

TEST_F(Loopback, CheckAndDelDoNotLookAtPrevResult) {
    ASSERT_TRUE(call("ADD").ok());
    json config = config_of("1.1.0");
    config["prevResult"] = "junk";
    EXPECT_TRUE(call("CHECK", config).ok());
    EXPECT_TRUE(call("DEL", config).ok());
    EXPECT_FALSE(is_up());
}

TEST_F(Loopback, UnknownKeysAndCniArgsAreIgnored) {
    json config = config_of("1.1.0");
    config["whatever"] = {{"deep", json::array({1, nullptr})}};
    const PluginRun run = run_plugin(
        "loopback", "ADD", {.netns = container_->path(), .args = "A=b;;c"}, config.dump());
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(Loopback, CheckWantsLoUp) {
    const PluginRun down = call("CHECK");
    EXPECT_EQ(down.error_message(), "loopback interface is down");
    EXPECT_EQ(down.error_code(), 999);
    ASSERT_TRUE(call("ADD").ok());
    const PluginRun up = call("CHECK");
    EXPECT_TRUE(up.ok()) << up.report();
    EXPECT_EQ(up.out, "");
}

TEST_F(Loopback, DelKeepsTheIpv4Address) {
    ASSERT_TRUE(call("ADD").ok());
    const PluginRun run = call("DEL");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(ip({"-o", "address", "show", "lo"}), HasSubstr("127.0.0.1/8"));
}

TEST_F(Loopback, DelSucceedsWithoutLoAndWhereItMayNotEnter) {
    ASSERT_TRUE(call("ADD").ok());
    without({Missing::entering_namespaces}, [&] {
        const PluginRun run = call("DEL");
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("enter network namespace"));
    });
    EXPECT_TRUE(is_up());
    ip({"link", "set", "lo", "down"});
    ip({"link", "set", "lo", "name", "mine"});
    const PluginRun run = call("DEL");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(call("ADD").error_message(), HasSubstr("lo: No such device"));
}

// `ip netns` leaves the file when only the mount goes away, with a reboot for instance.
TEST_F(Loopback, DelSucceedsOnTheFileThatANetnsWasMountedOn) {
    output_of({"touch", "/run/netns/left"});
    EXPECT_TRUE(call_at("DEL", "/run/netns/left").ok());
    const PluginRun run = call_at("ADD", "/run/netns/left");
    EXPECT_EQ(run.error_code(), 8);
    EXPECT_THAT(run.error_message(),
                StartsWith("failed to open netns \"/run/netns/left\": unknown FS magic on "));
}

TEST_F(Loopback, AddAndCheckWantANetns) {
    for (const char* command : {"ADD", "CHECK"}) {
        const PluginRun missing = call_at(command, "/run/netns/none");
        EXPECT_EQ(missing.error_code(), 8);
        EXPECT_EQ(missing.error_message(),
                  "failed to open netns \"/run/netns/none\": failed to Statfs \"/run/netns/none\": "
                  "No such file or directory");
    }
}

TEST_F(Loopback, WhatIsNoNetworkNamespaceIsRefused) {
    for (const char* command : {"ADD", "CHECK"}) {
        const PluginRun file = call_at(command, "/etc/passwd");
        EXPECT_EQ(file.error_code(), 8) << file.report();
        EXPECT_THAT(file.error_message(),
                    StartsWith("failed to open netns \"/etc/passwd\": unknown FS magic on "));
        EXPECT_THAT(file.error_message(), HasSubstr("it is a plain file"));
        const PluginRun directory = call_at(command, "/run/netns");
        EXPECT_EQ(directory.error_code(), 8) << directory.report();
        EXPECT_THAT(directory.error_message(), HasSubstr("it is a directory"));
    }
    for (const char* command : {"ADD", "CHECK", "DEL"}) {
        const PluginRun mount_namespace = call_at(command, "/proc/self/ns/mnt");
        EXPECT_EQ(mount_namespace.error_code(), 8) << mount_namespace.report();
        EXPECT_THAT(mount_namespace.error_message(), HasSubstr("not a network namespace"));
    }
    // Opening a pipe without a writer must not block.
    output_of({"mkfifo", "/run/pipe"});
    EXPECT_EQ(call_at("ADD", "/run/pipe").error_code(), 8);
}

}  // namespace
}  // namespace cni::test
