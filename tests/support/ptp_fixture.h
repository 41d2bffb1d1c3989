#pragma once

#include <algorithm>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// Calls of the ptp plugin, with what those of bridge look at.
class PtpTest : public SandboxTest, protected BridgeCalls {
protected:
    /// host-local: 10.1.2.0/24 and fd00:1:2::/64, default routes without a gateway.
    static json network(const json& keys = json::object()) {
        json config = layer3({{"type", "ptp"}, {"isGateway", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    /// The addresses come from a ScriptedIpam.
    static json scripted(const json& keys = json::object()) {
        json config = BridgeCalls::scripted({{"type", "ptp"}});
        config.merge_patch(keys);
        return config;
    }
    /// static with these values of "ipam".
    static json fixed(const json& ipam, const json& keys = json::object()) {
        json config = {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", "ptp"}, {"ipam", ipam}};
        config["ipam"]["type"] = "static";
        config.merge_patch(keys);
        return config;
    }

    static PluginRun call(const std::string& command, const PluginArgs& args, const json& config) {
        return run_plugin("ptp", command, args, config.dump());
    }
    /// Of the distribution's ptp, and its IPAM plugin.
    static PluginRun reference(const std::string& command, const TestNetns& container,
                               const json& config) {
        PluginArgs theirs = args(container);
        theirs.executables = *reference_dir();
        theirs.path = theirs.executables;
        return call(command, theirs, config);
    }
    static json add(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0") {
        const PluginRun run = call("ADD", args(container, ifname), config);
        EXPECT_TRUE(run.ok()) << run.report();
        return run.ok() ? run.json() : json::object();
    }
    static void del(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0") {
        const PluginRun run = call("DEL", args(container, ifname), config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
    static json with_prev_result(json config, const json& result) {
        config["prevResult"] = result;
        return config;
    }
    static std::string host_end(const json& result) { return result["interfaces"][0]["name"]; }

    /// The lines of `ip route` without trailing blanks and what the kernel says of preferences.
    static std::vector<std::string> routes(const char* family, const std::string& ifname,
                                           const char* table = "main") {
        std::vector<std::string> lines;
        const std::string shown =
            output_of({"ip", family, "route", "show", "dev", ifname, "table", table});
        for (const std::string_view line : split(shown, '\n')) {
            if (line.empty() || line.starts_with("fe80::") || line.starts_with("multicast"))
                continue;
            const auto end = line.find(" pref ");
            lines.emplace_back(trim(line.substr(0, end)));
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }
};

}  // namespace cni::test
