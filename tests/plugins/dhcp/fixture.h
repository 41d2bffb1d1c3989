#pragma once

#include <gmock/gmock.h>
#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "fake_server.h"
#include "support/dhcp.h"
#include "support/process.h"
#include "support/uplink_fixture.h"

namespace cni::test {

/// A host with an uplink to a machine, 10.1.2.1, that may serve DHCP, and with the daemon; the
/// containers of network "net1" are on the uplink by macvlan, or another plugin.
class DhcpTest : public SandboxTest, protected UplinkCalls {
protected:
    explicit DhcpTest(std::string plugin = "macvlan") : UplinkCalls(std::move(plugin)) {}
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) outside_.emplace(gateway_outside());
    }

    const Outside& outside() const { return *outside_; }
    static std::string socket_path() { return "/run/cni/dhcp.sock"; }

    json network(const json& keys = json::object(), const json& ipam = json::object()) const {
        json config = UplinkCalls::network();
        config["ipam"] = {{"type", "dhcp"}};
        config["ipam"].merge_patch(ipam);
        config.merge_patch(keys);
        return config;
    }
    /// Of the plugin by itself, for an interface that is there.
    static PluginRun dhcp(const std::string& command, const PluginArgs& args, const json& config) {
        return run_plugin("dhcp", command, args, config.dump());
    }
    static PluginRun dhcp(const std::string& command, const TestNetns& container,
                          const json& config) {
        return dhcp(command, args(container), config);
    }
    /// STATUS or GC.
    static PluginRun dhcp(const std::string& command, json config) {
        config["cniVersion"] = "1.1.0";
        return dhcp(command, {.container_id = {}, .netns = {}, .ifname = {}}, config);
    }

    static Process start_daemon(const std::vector<std::string>& flags = {},
                                const std::string& folder = bin_dir()) {
        return start_dhcp_daemon(flags, folder);
    }
    static Finished stop(Process daemon, int signal = SIGTERM) {
        daemon.signal(signal);
        return daemon.wait();
    }

    /// In the machine outside, with addresses from 10.1.2.10 on.
    Process start_dnsmasq(const std::vector<std::string>& options = {},
                          const std::string& ifname = "eth0") const {
        return test::start_dnsmasq(outside().netns().netns(), ifname,
                                   "10.1.2.10,10.1.2.250,255.255.255.0,1h", options);
    }
    static std::vector<std::string> given() { return addresses_of_dnsmasq(); }

private:
    std::optional<Outside> outside_;
};

/// The same with a daemon, and a server that does what the test wants.
class ScriptedDhcpTest : public DhcpTest {
protected:
    void SetUp() override {
        DhcpTest::SetUp();
        if (IsSkipped()) return;
        server_.emplace(outside().netns().netns(), "eth0");
        daemon_.emplace(start_daemon({"-timeout", "500ms"}));
    }
    FakeServer& server() { return *server_; }
    Process& daemon() { return *daemon_; }
    void restart_daemon(int signal, const std::vector<std::string>& flags = {"-timeout", "500ms"}) {
        daemon_->signal(signal);
        daemon_->wait();
        daemon_.reset();
        daemon_.emplace(start_daemon(flags));
    }

private:
    std::optional<FakeServer> server_;
    std::optional<Process> daemon_;
};

}  // namespace cni::test
