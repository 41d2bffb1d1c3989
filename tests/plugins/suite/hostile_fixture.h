#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "support/bridge_fixture.h"

namespace cni::test {

/// Every plugin and cnitool, a container to call them for, and a tree that none of them may touch.
class HostileTest : public BridgeTest {
protected:
    static constexpr const char* victim = "/run/victim";
    static constexpr const char* victim_file = "/run/victim/file";
    static constexpr const char* lease_dir = "/var/lib/cni/networks/net1";

    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        // Whoever follows a link to it finds what he would take for his own.
        shell(cat("mkdir -p ", victim, "/net1; printf 'c1\\r\\neth0' >", victim_file, "; cp ",
                  victim_file, " ", victim, "/net1/10.1.2.2; cp ", victim_file, " ", victim,
                  "/c1_eth0.json; touch -d yesterday ", victim, " ", victim_file));
        before_ = victims();
    }
    void TearDown() override {
        if (container_) expect_untouched("at the end");
    }

    static std::string shell(const std::string& commands) {
        return output_of({"sh", "-c", commands});
    }
    /// The tree with what changes when a file in it is written or read.
    static std::string victims() {
        return shell(cat("find ", victim, " -printf '%p %y %m %s %T@ %l\\n' | sort; find ", victim,
                         " -type f -printf '%p %A@\\n' | sort"));
    }
    void expect_untouched(const std::string& by) const { EXPECT_EQ(victims(), before_) << by; }
    static void plant_link(const std::string& path, const std::string& target = victim_file) {
        shell(cat("mkdir -p $(dirname ", path, ") && ln -sfnT ", target, " ", path));
    }

    static std::vector<std::string> plugins() {
        return {"bridge", "ptp",     "macvlan",    "ipvlan", "vlan",     "dummy",     "host-device",
                "tap",    "flannel", "host-local", "static", "loopback", "firewall",  "portmap",
                "tuning", "sbr",     "vrf",        "debug",  "sample",   "bandwidth", "dhcp"};
    }
    /// Something every one of them takes.
    static json config() {
        return layer3({{"prevResult",
                        {{"cniVersion", "1.0.0"},
                         {"interfaces", {{{"name", "eth0"}, {"sandbox", "/run/netns/c1"}}}},
                         {"ips", {{{"address", "10.1.2.2/24"}, {"interface", 0}}}}}}});
    }
    PluginRun plugin(const std::string& name, const std::string& command, const json& config,
                     const json& environment = json::object()) const {
        PluginArgs call = args(*container_);
        if (environment.contains("id")) call.container_id = environment["id"];
        if (environment.contains("ifname")) call.ifname = environment["ifname"];
        if (environment.contains("netns")) call.netns = environment["netns"];
        return run_plugin(name, command, call, config.dump());
    }
    PluginRun host_local(const std::string& command, const json& keys = json::object()) const {
        json config = layer3({{"cniVersion", "1.1.0"}});
        config.merge_patch(keys);
        return plugin("host-local", command, config);
    }
    PluginRun tuning(const std::string& command, const json& keys = json::object()) const {
        json tuning = config();
        tuning.merge_patch({{"mtu", 1400}});
        tuning.merge_patch(keys);
        return plugin("tuning", command, tuning);
    }
    /// eth0 for those that need one.
    void make_interface() const {
        container_->output_of({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "p0"});
    }

    static void write_conflist(const std::string& text) {
        shell("mkdir -p /run/net.d");
        output_of({"tee", "/run/net.d/10.conflist"}, text);
    }
    Program tool_program(std::vector<std::string> words) const {
        words.insert(words.begin(), cat(bin_dir(), "/cnitool"));
        return {.argv = words,
                .environment = {cat("CNI_PATH=", bin_dir()), "NETCONFPATH=/run/net.d"}};
    }
    Finished tool(const std::vector<std::string>& words) const { return run(tool_program(words)); }
    /// For the container.
    Finished tool_on_container(const std::string& verb) const {
        return tool({verb, "net1", container_->path()});
    }

    std::optional<TestNetns> container_;
    std::string before_;
};

}  // namespace cni::test
