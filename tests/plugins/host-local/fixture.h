#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
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
    static constexpr const char* index_file = "/var/lib/cni/networks/.net.cnixx-index";

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

    /// Gives all that is free, each address once, to containers named after `prefix`.
    std::set<std::string> exhaust(const std::string& prefix) const {
        std::set<std::string> given;
        for (int i = 0;; ++i) {
            const PluginRun run = call("ADD", cat(prefix, i));
            if (!run.ok()) {
                EXPECT_THAT(run.error_message(), ::testing::HasSubstr("no IP addresses available"));
                return given;
            }
            const std::string address = join(addresses(run), " ");
            EXPECT_TRUE(given.insert(address.substr(0, address.find('/'))).second) << address;
        }
    }
    /// Of all attachments but the eth0 of these containers.
    void gc(const Strings& valid) const {
        nlohmann::json config = config_;
        config["cni.dev/valid-attachments"] = nlohmann::json::array();
        for (const std::string& id : valid)
            config["cni.dev/valid-attachments"].push_back(
                {{"containerID", id}, {"ifname", "eth0"}});
        const PluginRun run = run_plugin("host-local", "GC", args(""), config.dump());
        EXPECT_TRUE(run.ok()) << run.report();
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

/// With an identity of the machine and of its boot that the test chooses.
class HostLocalBoot : public HostLocalTest {
protected:
    void SetUp() override {
        HostLocalTest::SetUp();
        if (IsSkipped()) return;
        config_ = network(ipam({"10.1.2.0/29"}));
        boot("1");
        machine("a");
        output_of({"mount", "--bind", "/run/boot", "/proc/sys/kernel/random/boot_id"});
        if (!std::filesystem::exists("/etc/machine-id")) {
            output_of({"mount", "-t", "tmpfs", "tmpfs", "/etc"});
            output_of({"touch", "/etc/machine-id"});
        }
        output_of({"mount", "--bind", "/run/machine", "/etc/machine-id"});
    }
    /// From now on it is another boot: one for each digit.
    static void boot(const std::string& digit) {
        std::string id;
        for (const int length : {8, 4, 4, 4, 12})
            for (int i = 0; i < length + 1; ++i) id += i < length ? digit : "-";
        id.back() = '\n';
        output_of({"tee", "/run/boot"}, id);
    }
    static void machine(const std::string& digit) {
        std::string id;
        for (int i = 0; i < 32; ++i) id += digit;
        output_of({"tee", "/run/machine"}, digit.empty() ? "" : id + "\n");
    }
    void fill() const {
        for (int i = 0; i < 5; ++i) add(cat("old", i));
    }
};

}  // namespace cni::test
