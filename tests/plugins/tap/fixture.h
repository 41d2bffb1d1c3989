#pragma once

#include <gmock/gmock.h>

#include "support/uplink_fixture.h"

namespace cni::test {

/// The tap plugin.
class TapTest : public SandboxTest, protected UplinkCalls {
protected:
    TapTest() : UplinkCalls("tap") {}

    json network(const json& keys = json::object()) const {
        json config = UplinkCalls::network({{"master", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    json scripted(const json& keys = json::object()) const {
        json config = network({{"ipam", nullptr}});
        config["ipam"]["type"] = ScriptedIpam::type;
        config.merge_patch(keys);
        return config;
    }
    /// Without IPAM.
    json layer2_network(const json& keys = json::object()) const {
        json config = network({{"ipam", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    /// What `ip` shows of the tap as such.
    static json tun(const TestNetns& c, const std::string& name = "eth0") {
        return link(c, name)["linkinfo"]["info_data"];
    }
    static std::string mac(const json& result) { return result["interfaces"][0]["mac"]; }
};

}  // namespace cni::test
