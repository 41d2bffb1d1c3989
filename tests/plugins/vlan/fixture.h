#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "support/uplink_fixture.h"

namespace cni::test {

/// Calls of the vlan plugin, for VLAN 5 of the uplink.
class VlanCalls : protected UplinkCalls {
protected:
    VlanCalls() : UplinkCalls("vlan") {}
    json network(const json& keys = json::object()) const { return on_vlan_5(false, keys); }
    json scripted(const json& keys = json::object()) const { return on_vlan_5(true, keys); }
    static std::string mac(const TestNetns& c) { return link(c, "eth0")["address"]; }

private:
    json on_vlan_5(bool has_script, const json& keys) const {
        json config = has_script ? UplinkCalls::scripted() : UplinkCalls::network();
        config["vlanId"] = 5;
        config.merge_patch(keys);
        return config;
    }
};

/// On a host with an uplink to another machine that takes part in VLAN 5, with the addresses that
/// containers get as their gateways.
class VmVlanTest : public VmTest, protected VlanCalls {
protected:
    void SetUp() override {
        VmTest::SetUp();
        if (IsSkipped()) return;
        outside_.emplace();
        make_vlan("eth0.5", "id 5");
    }
    const TestNetns& outside() const { return outside_->netns(); }
    void make_vlan(const std::string& name, const std::string& settings) const {
        shell(outside(),
              cat("ip link add link eth0 name ", name, " type vlan ", settings,
                  "; ip address add 10.1.2.1/24 dev ", name, "; ip address add fd00:1:2::1/64 dev ",
                  name, " nodad; ip link set ", name, " up"));
    }

private:
    std::optional<Outside> outside_;
};

}  // namespace cni::test
