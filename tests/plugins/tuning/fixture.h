#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "base/file.h"
#include "base/state_dir.h"
#include "support/bridge_fixture.h"

namespace cni::test {

/// Calls of the tuning plugin for one container, whose eth0 is a veth pair with both ends inside:
/// nothing of the host is concerned.
class TuningTest : public BridgeTest {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        shell(
            "ip link add eth0 address 02:00:00:00:00:01 type veth peer name peer0 &&"
            "ip link set peer0 up && ip address add 10.1.2.2/24 dev eth0 &&"
            "ip address add fd00:1:2::2/64 dev eth0 nodad && ip link set eth0 up");
        before_ = state();
    }

    std::string shell(const std::string& commands) const {
        return container_->output_of({"sh", "-c", commands});
    }
    json config(const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net1"},
                    {"type", "tuning"},
                    {"prevResult",
                     {{"cniVersion", "1.0.0"},
                      {"interfaces",
                       {{{"name", "eth0"}, {"mac", "02:00:00:00:00:09"}},
                        {{"name", "eth0"}, {"mac", mac()}, {"sandbox", container_->path()}}}}}}};
        if (keys.is_object()) out.merge_patch(keys);
        return out;
    }
    PluginRun tuning(const std::string& command, const json& keys,
                     std::optional<std::string> cni_args = {}) const {
        PluginArgs call = args(*container_);
        call.args = std::move(cni_args);
        return run_plugin("tuning", command, call, config(keys).dump());
    }
    std::string mac() const {
        const json found = link(*container_, "eth0");
        return found.is_null() ? "" : found["address"];
    }
    std::string parameter(const std::string& key) const {
        return container_->run([&] { return sysctl(key); });
    }
    /// All that may be tuned here.
    std::string state() const {
        const json now = link(*container_, "eth0");
        json kept;
        for (const char* key : {"address", "mtu", "flags", "txqlen", "promiscuity", "allmulti"})
            kept[key] = now.value(key, json());
        for (const char* key : {"net/core/somaxconn", "net/ipv4/conf/eth0/arp_filter",
                                "net/ipv4/conf/eth0/arp_notify", "net/ipv6/conf/eth0/ndisc_notify",
                                "net/ipv4/ip_local_reserved_ports"})
            kept[key] = parameter(key);
        return kept.dump(1);
    }
    static json all() {
        return {{"mac", "C2-B0-57-49-47-F1"},
                {"promisc", true},
                {"mtu", 1400},
                {"allmulti", true},
                {"txQLen", 77},
                {"sysctl",
                 {{"net.core.somaxconn", "500"},
                  {"net/ipv4/conf/IFNAME/arp_filter", "1"},
                  {"net.ipv4.ip_local_reserved_ports", "8080,9000-9010"}}}};
    }
    static std::optional<std::string> backup() { return read_file(backup_path, 1u << 20); }
    static void write_backup(const std::string& text) {
        const Fd dir = open_state_dir("/run/cni/tuning", Holds::files, 0700);
        replace_file(dir.get(), "c1_eth0.json", ".new", text, 0600, "backup");
    }
    /// Fails with this message and leaves nothing.
    void expect_refused(const json& keys, const std::string& message,
                        std::optional<std::string> cni_args = {}) const {
        const PluginRun run = tuning("ADD", keys, std::move(cni_args));
        EXPECT_FALSE(run.ok()) << keys;
        EXPECT_THAT(run.error_message(), ::testing::HasSubstr(message)) << run.report();
        EXPECT_EQ(state(), before_) << keys;
        EXPECT_FALSE(backup()) << keys;
    }

    static constexpr const char* backup_path = "/run/cni/tuning/c1_eth0.json";
    std::optional<TestNetns> container_;
    std::string before_;
};

}  // namespace cni::test
