#pragma once

#include <string>
#include <utility>

#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// Where the host's "uplink" leads: to another machine, 10.1.2.1 and fd00:1:2::1, which host-local
/// gives containers as their gateway.
OutsideOptions gateway_outside();

/// Calls of a plugin whose interfaces are on the host's uplink, for network "net1"; a container's
/// id is the name of its namespace.
class UplinkCalls : protected BridgeCalls {
protected:
    explicit UplinkCalls(std::string plugin) : plugin_(std::move(plugin)) {}

    /// On the uplink, host-local: 10.1.2.0/24, fd00:1:2::/64, default routes without a gateway.
    /// `keys` are laid over it (RFC 7386: null removes).
    json network(const json& keys = json::object()) const;
    /// The addresses come from a ScriptedIpam.
    json scripted(const json& keys = json::object()) const;
    static json recorded(json config, const json& result);

    PluginRun call(const std::string& command, const PluginArgs& args, const json& config) const {
        return run_plugin(plugin_, command, args, config.dump());
    }
    PluginRun call(const std::string& command, const TestNetns& container,
                   const json& config) const {
        return call(command, args(container), config);
    }
    /// STATUS or GC, which are for no container.
    PluginRun call(const std::string& command, const json& config) const;
    /// Of the distribution's plugin, and its IPAM plugin.
    PluginRun reference(const std::string& command, const TestNetns& container,
                        const json& config) const;

    /// A successful ADD's result; {} with a failed expectation.
    json add(const TestNetns& container, const json& config,
             const std::string& ifname = "eth0") const;
    void del(const TestNetns& container, const json& config,
             const std::string& ifname = "eth0") const;
    PluginRun check(const TestNetns& container, const json& config, const json& result) const {
        return call("CHECK", container, recorded(config, result));
    }
    void expect_sound(const TestNetns& container, const json& config, const json& result) const;
    /// CHECK fails with a message that holds this.
    void expect_fault(const TestNetns& container, const json& config, const json& result,
                      const std::string& message) const;
    /// CHECK, content before, notices what shell commands do in the container.
    void expect_noticed(const json& config, const std::string& commands,
                        const std::string& message) const;

    /// TCP and UDP, to who sees the client's own address, which ADD's result tells.
    static void expect_answer(const TestNetns& client, const json& result, const TestNetns& server,
                              const std::string& address);

    /// ADD of container c1 fails so, and neither the host nor the container shows a trace of it.
    /// Returns the details.
    std::string expect_refused(const json& config, int code, const std::string& message,
                               const std::string& cni_args = {}) const;

    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    static void shell(const TestNetns& container, const std::string& commands) {
        container.output_of({"sh", "-ec", commands});
    }
    /// Of the container's eth0.
    static json settings(const TestNetns& container) {
        return link(container, "eth0")["linkinfo"]["info_data"];
    }

private:
    std::string plugin_;
};

}  // namespace cni::test
