#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "support/uplink_fixture.h"

namespace cni::test {

/// The ipvlan plugin on a host with an uplink to another machine, and a kernel that has ipvlan.
class VmIpvlan : public VmTest, protected UplinkCalls {
protected:
    VmIpvlan() : UplinkCalls("ipvlan") {}
    void SetUp() override {
        VmTest::SetUp();
        if (!IsSkipped()) outside_.emplace(gateway_outside());
    }
    const Outside& outside() const { return *outside_; }
    static bool has_interface(const TestNetns& c) { return !link(c, "eth0").is_null(); }
    /// Of eth0 and its siblings. That is a key without a value to ip(8).
    static std::string isolation(const TestNetns& c) {
        for (const char* each : {"bridge", "private", "vepa"})
            if (settings(c).contains(each)) return each;
        return {};
    }
    static std::string shared_mac() { return link("uplink")["address"]; }

private:
    std::optional<Outside> outside_;
};

}  // namespace cni::test
