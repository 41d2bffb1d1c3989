#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "support/uplink_fixture.h"

namespace cni::test {

/// The host-device plugin on a host that can lend its "uplink", a cable to another machine: up,
/// with an MTU of its own and without addresses.
class HostDeviceTest : public SandboxTest, protected UplinkCalls {
protected:
    HostDeviceTest() : UplinkCalls("host-device") {}
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) set_up_host();
    }
    void set_up_host() {
        outside_.reset();
        outside_.emplace(gateway_outside());
        shell("ip address flush dev uplink; ip link set uplink mtu 1450 address 02:00:00:00:00:05");
    }
    /// Another host, never used before.
    void enter_fresh_host() {
        ASSERT_FALSE(enter_sandbox());
        set_up_host();
    }

    const Outside& outside() const { return *outside_; }
    json lending(const json& keys = json::object()) const {
        json config = network({{"master", nullptr}, {"device", "uplink"}});
        config.merge_patch(keys);
        return config;
    }
    /// The same with addresses of a ScriptedIpam.
    json scripted_lending(const json& keys = json::object()) const {
        json config = lending({{"ipam", nullptr}});
        config["ipam"]["type"] = ScriptedIpam::type;
        config.merge_patch(keys);
        return config;
    }
    /// The names in the folder of records.
    static std::vector<std::string> records() {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto& file : std::filesystem::directory_iterator("/run/cni/host-device", none))
            names.push_back(file.path().filename());
        return names;
    }
    /// As after cnixx was installed where the reference plugin has lent.
    static void forget_records() { shell("rm -f /run/cni/host-device/*"); }

    /// The device, as `ip` shows it: without what comes and goes by itself.
    static json device(const std::string& name = "uplink") {
        json shown = link(name);
        for (const char* key : {"ifindex", "operstate", "qdisc"}) shown.erase(key);
        json flags = json::array();
        for (const json& flag : shown["flags"])
            if (flag != "LOWER_UP" && flag != "NO-CARRIER") flags.push_back(flag);
        shown["flags"] = flags;
        return shown;
    }
    void expect_traffic(const TestNetns& container) const {
        EXPECT_TRUE(ping(container.netns(), outside().address()));
        EXPECT_TRUE(ping(container.netns(), outside().address6()));
    }

private:
    std::optional<Outside> outside_;
};

}  // namespace cni::test
