#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "support/uplink_fixture.h"

namespace cni::test {

/// The macvlan plugin on a host with an uplink to another machine.
class MacvlanTest : public SandboxTest, protected UplinkCalls {
protected:
    MacvlanTest() : UplinkCalls("macvlan") {}
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) outside_.emplace(gateway_outside());
    }
    const Outside& outside() const { return *outside_; }
    /// Without IPAM.
    json layer2_network(const json& keys = json::object()) const {
        json config = network({{"ipam", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    static std::string mac(const json& result) { return result["interfaces"][0]["mac"]; }

private:
    std::optional<Outside> outside_;
};

}  // namespace cni::test
