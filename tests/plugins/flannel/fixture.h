#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/bridge_fixture.h"
#include "support/recording.h"
#include "support/traffic.h"

namespace cni::test {

/// The flannel plugin on a node whose daemon has written what it has to say, for network "net1"; a
/// container's id is the name of its namespace.
class FlannelTest : public BridgeTest {
protected:
    static constexpr const char* subnet_file = "/run/flannel/subnet.env";
    static constexpr const char* data_dir = "/var/lib/cni/flannel";

    void SetUp() override {
        BridgeTest::SetUp();
        if (!IsSkipped()) write_subnets();
    }

    /// Another subnet has another third byte.
    static std::string subnets(int third = 2, const std::string& masquerades = "true") {
        return cat("FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.", third,
                   ".1/24\nFLANNEL_IPV6_NETWORK=fd00:1::/48\nFLANNEL_IPV6_SUBNET=fd00:1:", third,
                   "::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=", masquerades, "\n");
    }
    /// As the daemon does it, in one step.
    static void write_subnets(const std::string& text = subnets()) {
        shell(cat("mkdir -p /run/flannel; cat >/run/new; mv /run/new ", subnet_file), text);
    }
    static void remove_subnets() { shell(cat("rm -r $(dirname ", subnet_file, ")")); }

    /// `keys` are laid over it (RFC 7386: null removes).
    static json network(const json& keys = json::object()) {
        json out = layer2({{"cniVersion", "1.1.0"}, {"type", "flannel"}});
        out.merge_patch(keys);
        return out;
    }
    static json recorded(json config, const json& result) {
        config["prevResult"] = result;
        return config;
    }
    static PluginRun flannel(const std::string& command, const TestNetns& container,
                             const json& config, const std::string& ifname = "eth0") {
        return flannel(command, args(container, ifname), config);
    }
    static PluginRun flannel(const std::string& command, const PluginArgs& args,
                             const json& config) {
        return run_plugin("flannel", command, args, config.dump());
    }
    /// STATUS or GC, which are for no container.
    static PluginRun flannel(const std::string& command, const json& config) {
        return flannel(command, PluginArgs{.container_id = {}, .netns = {}, .ifname = {}}, config);
    }
    static json add(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0") {
        const PluginRun run = flannel("ADD", container, config, ifname);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.err, "");
        return run.ok() ? run.json() : json::object();
    }
    /// Without a word.
    static void del(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0") {
        const PluginRun run = flannel("DEL", container, config, ifname);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out + run.err, "");
    }
    /// GC of the network, in which these ids are valid, each with eth0.
    static PluginRun gc(json config, const std::vector<std::string>& valid) {
        config["cni.dev/valid-attachments"] = json::array();
        for (const std::string& id : valid)
            config["cni.dev/valid-attachments"].push_back(
                {{"containerID", id}, {"ifname", "eth0"}});
        return flannel("GC", config);
    }

    /// The names of saved configurations.
    static std::vector<std::string> records() {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto& file : std::filesystem::directory_iterator(data_dir, none))
            names.push_back(file.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
    static std::string record(const std::string& name) {
        return shell(cat("cat '", data_dir, "/", name, "'"));
    }
    static void write_record(const std::string& name, const std::string& text) {
        shell(cat("mkdir -p -m 0700 ", data_dir, "; cat >'", data_dir, "/", name, "'"), text);
    }

    static std::string shell(const std::string& commands, const std::string& input = {}) {
        return output_of({"sh", "-ec", commands}, input);
    }
};

/// With a delegate, "spy", that does nothing but write down what it is called with.
class FlannelSpy : public FlannelTest {
protected:
    void SetUp() override {
        FlannelTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        spies_.emplace(std::vector<std::string>{"spy", "other"});
    }

    static json spied(const json& keys = json::object()) {
        json out = network({{"delegate", {{"type", "spy"}}}});
        out.merge_patch(keys);
        return out;
    }
    PluginArgs spied_args(const std::string& ifname = "eth0") const {
        PluginArgs with = args(*container_, ifname);
        with.path = spies_->path();
        return with;
    }
    PluginRun call(const std::string& command, const json& config,
                   const std::string& ifname = "eth0") const {
        PluginArgs with = spied_args(ifname);
        if (command == "GC" || command == "STATUS")
            with.container_id = with.netns = with.ifname = {};
        return flannel(command, with, config);
    }
    void expect_ok(const PluginRun& run) const { EXPECT_TRUE(run.ok()) << run.report(); }
    /// Forgets them.
    std::vector<std::string> calls() const {
        auto names = spies_->call_names();
        spies_->forget();
        return names;
    }
    /// What the last call got.
    json last_input() const { return spies_->calls().back().json(); }

    std::optional<TestNetns> container_;
    std::optional<RecordingPlugins> spies_;
};

}  // namespace cni::test
