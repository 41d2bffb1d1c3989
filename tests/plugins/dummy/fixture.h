#pragma once

#include <gmock/gmock.h>

#include "support/uplink_fixture.h"

namespace cni::test {

/// Calls of the dummy plugin, whose interfaces are on nothing.
class DummyCalls : protected UplinkCalls {
protected:
    DummyCalls() : UplinkCalls("dummy") {}
    json network(const json& keys = json::object()) const {
        json config = UplinkCalls::network({{"master", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    static std::string mac(const TestNetns& c) { return link(c, "eth0")["address"]; }
};

}  // namespace cni::test
