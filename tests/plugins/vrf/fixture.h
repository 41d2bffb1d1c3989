#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// Calls of the vrf plugin for a container that has eth0 on a cable to a machine of its own.
class VrfCalls : protected BridgeCalls {
protected:
    void make_container() {
        container_.emplace("c1");
        machine_.emplace("machine");
        inside("ip link set lo up");
        lay_cable("eth0", *machine_);
    }
    /// 10.88.0.2 and fd88::2 here, .1 and ::1 there.
    void lay_cable(const std::string& ifname, const TestNetns& machine) const {
        const std::string at = cat("ip -n ", machine.name());
        output_of({"sh", "-ec",
                   cat("ip -n c1 link add ", ifname, " type veth peer name e0 netns ",
                       machine.name(), "; ", at, " link set lo up; ", at, " link set e0 up; ", at,
                       " address add 10.88.0.1/24 dev e0; ", at,
                       " address add fd88::1/64 dev e0 nodad; ip -n c1 link set ", ifname,
                       " up; ip -n c1 address add 10.88.0.2/24 dev ", ifname,
                       "; ip -n c1 address add fd88::2/64 dev ", ifname, " nodad")});
    }
    void inside(const std::string& commands) const {
        container_->output_of({"sh", "-ec", commands});
    }
    std::string shown(const std::vector<std::string>& words) const {
        std::vector<std::string> argv{"ip", "-o"};
        argv.insert(argv.end(), words.begin(), words.end());
        std::string text;
        const std::string all = container_->run([&] { return run({.argv = argv}).out; });
        for (const std::string_view line : split(all, '\n')) {
            const bool is_of_kernel =
                line.starts_with("local ") || line.starts_with("broadcast ") ||
                line.starts_with("multicast ") || line.starts_with("anycast ") ||
                line.find("fe80::/64") != line.npos || line.find("ff00::/8") != line.npos;
            if (!line.empty() && !is_of_kernel) text += cat(cleaned(line), "\n");
        }
        return text;
    }
    std::string table(const std::string& name) const {
        return shown({"route", "show", "table", name}) +
               shown({"-6", "route", "show", "table", name});
    }
    /// Addresses, rules, and routes of all tables, sorted.
    std::string state() const {
        std::vector<std::string> lines = addresses(*container_);
        const std::string text = table("all");
        for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
        std::sort(lines.begin(), lines.end());
        return join(lines, "\n");
    }

    json config(const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net1"},
                    {"type", "vrf"},
                    {"vrfname", "blue"},
                    {"prevResult",
                     {{"cniVersion", "1.0.0"},
                      {"interfaces", {{{"name", "eth0"}, {"sandbox", "/run/netns/c1"}}}},
                      {"ips",
                       {{{"address", "10.88.0.2/24"}, {"interface", 0}},
                        {{"address", "fd88::2/64"}, {"interface", 0}}}}}}};
        out.merge_patch(keys);
        return out;
    }
    PluginRun call(const std::string& command, const json& config,
                   const std::string& ifname = "eth0") const {
        return run_plugin("vrf", command, args(*container_, ifname), config.dump());
    }
    PluginRun reference(const std::string& command, const json& config) const {
        PluginArgs theirs = args(*container_);
        theirs.executables = *reference_dir();
        return run_plugin("vrf", command, theirs, config.dump());
    }
    void expect_ok(const std::string& command, const json& config,
                   const std::string& ifname = "eth0") const {
        const PluginRun run = call(command, config, ifname);
        EXPECT_TRUE(run.ok()) << command << run.report();
        EXPECT_EQ(run.err, "") << command;
    }
    void expect_failure(const std::string& command, const json& config, int code,
                        const std::string& message) const {
        const PluginRun run = call(command, config);
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_THAT(run.error_message(), ::testing::HasSubstr(message));
    }
    /// Of an interface; "" when it has none.
    std::string master(const std::string& ifname = "eth0") const {
        return link(*container_, ifname).value("master", "");
    }
    bool has_vrf(const std::string& name = "blue") const {
        return !link(*container_, name).is_null();
    }

    std::optional<TestNetns> container_, machine_;

private:
    static std::string cleaned(std::string_view line) {
        std::string text(line);
        // The objects are gone with the first change; what they say stays.
        for (const std::string_view noise : {" linkdown", " pref medium", " nhid 7 ", " nhid 9 "})
            if (const auto at = text.find(noise); at != text.npos)
                text.replace(at, noise.size(), noise.ends_with(' ') ? " " : "");
        std::replace(text.begin(), text.end(), '\t', ' ');
        return std::string(trim(text));
    }
};

class VmVrfTest : public VmTest, protected VrfCalls {
protected:
    void SetUp() override {
        VmTest::SetUp();
        if (!IsSkipped()) make_container();
    }
};

}  // namespace cni::test
