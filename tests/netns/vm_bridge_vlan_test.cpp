#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

// What the kernel of the guest is there for.
class VmBridgeVlan : public VmTest {
protected:
    void SetUp() override {
        VmTest::SetUp();
        if (IsSkipped()) return;
        output_of({"ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1"});
        output_of({"ip", "link", "set", "br0", "up"});
    }

    // A container on a port of the bridge that is an access port of `vlan`.
    static void plug(const TestNetns& container, const std::string& vlan,
                     const std::string& address) {
        const std::string port = cat("p", container.name());
        output_of({"ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
                   container.name()});
        output_of({"ip", "link", "set", port, "master", "br0", "up"});
        output_of({"bridge", "vlan", "delete", "dev", port, "vid", "1"});
        output_of({"bridge", "vlan", "add", "dev", port, "vid", vlan, "pvid", "untagged"});
        container.output_of({"ip", "address", "add", address, "dev", "eth0"});
        container.output_of({"ip", "link", "set", "eth0", "up"});
    }
};

TEST_F(VmBridgeVlan, PortsOfOneVlanReachEachOtherAndNoOther) {
    const TestNetns a("a"), b("b"), c("c");
    plug(a, "10", "10.0.0.1/24");
    plug(b, "10", "10.0.0.2/24");
    plug(c, "20", "10.0.0.3/24");
    EXPECT_TRUE(ping(a.netns(), "10.0.0.2"));
    EXPECT_FALSE(ping(a.netns(), "10.0.0.3"));
}

}  // namespace
}  // namespace cni::test
