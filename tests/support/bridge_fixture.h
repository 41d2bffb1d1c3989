#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "net/mac.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"
#include "support/scripted_ipam.h"
#include "support/snapshot.h"
#include "support/test_netns.h"

namespace cni::test {

/// Calls of the bridge plugin for network "net1"; a container's id is the name of its namespace.
class BridgeCalls {
protected:
    using json = nlohmann::json;

    /// A network without IPAM, cniVersion 1.0.0; `keys` are laid over it (RFC 7386: null removes).
    static json layer2(const json& keys = json::object());
    /// isGateway and host-local: 10.1.2.0/24, fd00:1:2::/64, default routes without a gateway.
    static json layer3(const json& keys = json::object());
    /// The addresses come from a ScriptedIpam.
    static json scripted(const json& keys = json::object());
    /// What a ScriptedIpam answers: these addresses, 10.1.2.1 and fd00:1:2::1 as gateways.
    static std::string ipam_result(std::initializer_list<const char*> addresses,
                                   const json& keys = json::object());

    static PluginArgs args(const TestNetns& container, const std::string& ifname = "eth0");

    /// A successful ADD's result; {} with a failed expectation.
    static json add(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0");
    static PluginRun try_add(const TestNetns& container, const json& config,
                             const std::string& ifname = "eth0");
    static void del(const TestNetns& container, const json& config,
                    const std::string& ifname = "eth0");
    static PluginRun call(const std::string& command, const PluginArgs& args, const json& config);

    /// One link as `ip -d -j link show` of the calling thread's namespace has it; null without it.
    static json link(const std::string& name);
    static json link(const TestNetns& container, const std::string& name);
    /// "10.1.2.2/24" and so on, of scope global, sorted.
    static std::vector<std::string> addresses(const std::string& ifname);
    static std::vector<std::string> addresses(const TestNetns& container,
                                              const std::string& ifname = "eth0");
    /// The first address of a family ("4", "6") in a result, without its length.
    static std::string address_of(const json& result, char family);
    /// The host's end of a result's pair.
    static std::string port_of(const json& result) { return result["interfaces"][1]["name"]; }
    /// Of the thread's namespace; "" when the kernel has no such key.
    static std::string sysctl(const std::string& key);
    /// The host's traces, without the mount points of namespaces.
    static Snapshot host_snapshot();
    /// The ruleset, without counters.
    static std::string ruleset();
    /// The addresses host-local has handed out.
    static std::vector<std::string> leases();
};

class BridgeTest : public SandboxTest, protected BridgeCalls {};

}  // namespace cni::test
