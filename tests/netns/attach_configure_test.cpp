// What is given to a container's interface.
#include "attach/configure.h"

#include <gtest/gtest.h>

#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

class AwaitAddresses : public SandboxTest {
protected:
    static Result with_address(const char* address) {
        Result result;
        result.ips.push_back({.address = *Prefix::parse(address), .gateway = {}, .interface = {}});
        return result;
    }
};

// As the kernel's work queue gives it, a moment after it was asked to.
TEST_F(AwaitAddresses, EndsWhenTheAddressIsThere) {
    const TestNetns netns("c1");
    netns.output_of({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer"});
    Container container(Netns::open(netns.path()), "eth0");
    const Result result = with_address("fd00:1:2::2/64");
    Process later = netns.run([] {
        return Process::start({.argv = {"sh", "-c",
                                        "sleep 0.3; ip address add fd00:1:2::2/64 dev eth0 nodad;"
                                        "ip link set eth0 up"}});
    });
    EXPECT_FALSE(is_local(container.rtnl, result.ips[0].address.ip));
    await_addresses(container, result);
    EXPECT_TRUE(is_local(container.rtnl, result.ips[0].address.ip));
    EXPECT_TRUE(later.wait().ok());
}

TEST_F(AwaitAddresses, DoesNotWaitForIPv4) {
    const TestNetns netns("c1");
    Container container(Netns::open(netns.path()), "eth0");
    const auto start = std::chrono::steady_clock::now();
    await_addresses(container, with_address("10.1.2.2/24"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

}  // namespace
}  // namespace cni::test
