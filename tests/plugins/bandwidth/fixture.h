#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "plugins/bandwidth/detour.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// The bandwidth plugin behind bridge, for container c1 of network net1.
class BandwidthTest : public SandboxTest, protected BridgeCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        result_ = BridgeCalls::add(*container_, layer3());
        before_ = state();
    }

    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    static std::string shown(const std::string& commands) {
        return output_of({"sh", "-ec", commands});
    }
    /// Links, qdiscs and filters of the host.
    static std::string state() {
        return shown(
            "ip -o link | sed 's/^[0-9]*: //; s/@.*//; s/:.*//'; tc qdisc show | sed '/ 0: dev/d';"
            "for dev in $(tc qdisc show | sed -n 's/^\\(ingress\\|clsact\\).* dev \\([^ "
            "]*\\).*/\\2/p');"
            "do tc filter show dev $dev ingress; done; true");
    }
    /// The host's end of the pair.
    std::string end() const { return port_of(result_); }
    static std::string qdiscs(const std::string& link) {
        return shown(cat("tc -d qdisc show dev ", link));
    }
    static std::string filters(const std::string& link) {
        return shown(cat("tc filter show dev ", link, " ingress"));
    }
    static bool exists(const std::string& name) { return !link(name).is_null(); }
    static std::string ifb(const std::string& container_id = "c1",
                           const std::string& ifname = "eth0") {
        return bandwidth::detour_of("net1", {container_id, ifname}).name;
    }
    static std::string reference_ifb() {
        return bandwidth::detour_of("net1", {"c1", "eth0"}).reference_name;
    }
    static std::vector<std::string> ifbs() {
        std::vector<std::string> names;
        for (const json& each : json::parse(shown("ip -j link show type ifb")))
            if (each.contains("ifname")) names.push_back(each["ifname"]);
        return names;
    }

    /// `keys` are laid over a configuration without limits (RFC 7386: null removes).
    json config(const json& keys) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net1"},
                    {"type", "bandwidth"},
                    {"prevResult", result_}};
        out.merge_patch(keys);
        return out;
    }
    static json receiving(std::uint64_t rate, std::uint64_t burst) {
        return {{"ingressRate", rate}, {"ingressBurst", burst}};
    }
    static json sending(std::uint64_t rate, std::uint64_t burst) {
        return {{"egressRate", rate}, {"egressBurst", burst}};
    }
    json both() const {
        json keys = receiving(8'000'000, 800'000);
        keys.update(sending(16'000'000, 1'600'000));
        return config(keys);
    }
    json recorded(json config, const json& result) const {
        config["prevResult"] = result;
        return config;
    }

    PluginRun call(const std::string& command, const PluginArgs& args, const json& config) const {
        return run_plugin("bandwidth", command, args, config.dump());
    }
    PluginRun call(const std::string& command, const json& config) const {
        return call(command, args(*container_), config);
    }
    PluginRun reference(const std::string& command, const json& config) const {
        PluginArgs theirs = args(*container_);
        theirs.executables = *reference_dir();
        return run_plugin("bandwidth", command, theirs, config.dump());
    }
    /// A successful ADD's result.
    json limit(const json& config) const {
        const PluginRun run = call("ADD", config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.err, "");
        return run.ok() ? run.json() : json::object();
    }
    void expect_ok(const std::string& command, const json& config) const {
        const PluginRun run = call(command, config);
        EXPECT_TRUE(run.ok()) << command << run.report();
    }
    void expect_error(const std::string& command, const json& config, int code,
                      const std::string& message) const {
        const PluginRun run = call(command, config);
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_THAT(run.error_message(), ::testing::HasSubstr(message)) << run.report();
    }
    /// Pings in both directions and in both families.
    void expect_traffic() const {
        for (const char* gateway : {"10.1.2.1", "fd00:1:2::1"})
            EXPECT_TRUE(ping(container_->netns(), gateway)) << gateway;
        const Netns host = Netns::current();
        for (const char family : {'4', '6'})
            EXPECT_TRUE(ping(host, address_of(result_, family))) << family;
    }

    std::optional<TestNetns> container_;
    json result_;
    std::string before_;
};

}  // namespace cni::test
