#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"

namespace cni::test {

using Strings = std::vector<std::string>;

/// Calls of host-local, ours or the reference's, on the lease directory of a private host.
class HostLocalTest : public SandboxTest {
protected:
    static constexpr const char* directory = "/var/lib/cni/networks/net";

    /// "ipam" with these range sets, each of one subnet.
    static nlohmann::json ipam(const Strings& subnets) {
        nlohmann::json sets = nlohmann::json::array();
        for (const std::string& subnet : subnets) sets.push_back({{{"subnet", subnet}}});
        return {{"type", "host-local"}, {"ranges", sets}};
    }
    static nlohmann::json network(const nlohmann::json& ipam) {
        return {{"cniVersion", "1.1.0"}, {"name", "net"}, {"ipam", ipam}};
    }
    static PluginArgs args(const std::string& id, const std::string& ifname = "eth0") {
        return {.container_id = id, .netns = "/nonexistent", .ifname = ifname};
    }

    PluginRun call(const std::string& command, const PluginArgs& plugin_args) const {
        return run_plugin("host-local", command, plugin_args, config_.dump());
    }
    PluginRun call(const std::string& command, const std::string& id = "c1") const {
        return call(command, args(id));
    }
    /// The same, done by the distribution's executable, which speaks up to 1.0.0.
    PluginRun reference(const std::string& command, const std::string& id) const {
        PluginArgs theirs = args(id);
        theirs.executables = *reference_dir();
        nlohmann::json config = config_;
        config["cniVersion"] = "1.0.0";
        return run_plugin("host-local", command, theirs, config.dump());
    }

    /// The addresses a successful ADD gave, with prefix length.
    static Strings addresses(const PluginRun& run) {
        EXPECT_TRUE(run.ok()) << run.report();
        Strings found;
        if (!run.ok()) return found;
        const nlohmann::json result = run.json();
        for (const auto& ip : result["ips"]) found.push_back(ip["address"]);
        return found;
    }
    std::string add(const PluginArgs& plugin_args) const {
        return join(addresses(call("ADD", plugin_args)), " ");
    }
    std::string add(const std::string& id = "c1") const { return add(args(id)); }
    void del(const std::string& id) const {
        const PluginRun run = call("DEL", id);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }

    /// What lies in the lease directory besides `lock` and `last_reserved_ip.*`.
    static Strings leases() {
        Strings names;
        std::error_code missing;
        for (const auto& entry : std::filesystem::directory_iterator(directory, missing)) {
            const std::string name = entry.path().filename();
            if (name != "lock" && !name.starts_with("last_reserved_ip")) names.push_back(name);
        }
        std::ranges::sort(names);
        return names;
    }
    static std::string path(const std::string& name) { return cat(directory, "/", name); }
    static std::string content(const std::string& name) {
        return read_file(path(name), 1 << 20).value_or("no such file");
    }
    /// Makes or overwrites a file of the lease directory, as something else would.
    static void plant(const std::string& name, const std::string& text) {
        output_of({"mkdir", "-p", directory});
        output_of({"tee", path(name)}, text);
    }

    nlohmann::json config_ = network(ipam({"10.1.2.0/29"}));
};

}  // namespace cni::test
