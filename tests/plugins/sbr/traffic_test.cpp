// Answers leave by the interface of the address that was asked.
#include "fixture.h"

namespace cni::test {
namespace {

class SbrTraffic : public SbrTest {
protected:
    /// Who asks is farther away than net1's network: the container knows no route to him but the
    /// default routes.
    void send_from_afar() const {
        shell(
            "ip -n back address add 198.51.100.1/32 dev lo;"
            "ip -n back address add 2001:db8:ff::1/128 dev lo nodad;"
            "ip -n back route replace 10.2.0.0/24 dev e0 src 198.51.100.1;"
            "ip -n back -6 route replace fd02::/64 dev e0 src 2001:db8:ff::1 metric 1");
    }
    static bool is_answered(const TestNetns& server, const std::string& address,
                            const TestNetns& client) {
        for (const auto exchange : {exchange_tcp, exchange_udp})
            if (!exchange({.server = server.netns(), .address = address, .client = client.netns()})
                     .answered)
                return false;
        return true;
    }
};

TEST_F(SbrTraffic, LeavesByTheInterfaceOfItsAddress) {
    send_from_afar();
    EXPECT_FALSE(is_answered(*container_, "10.2.0.2", *back_));
    expect_ok("ADD", config());
    for (const char* address : {"10.2.0.2", "fd02::2"})
        EXPECT_TRUE(is_answered(*container_, address, *back_)) << address;
    for (const char* address : {"10.1.0.2", "fd01::2"})
        EXPECT_TRUE(is_answered(*container_, address, *front_)) << address;
    expect_ok("DEL", config());
    EXPECT_FALSE(is_answered(*container_, "10.2.0.2", *back_));
}

TEST_F(SbrTraffic, LeavesByTheGatewaysOfTheConfiguration) {
    shell(
        "ip -n back address flush dev e0 scope global; ip -n back address add 10.2.0.7/24 dev e0;"
        "ip -n back address add fd02::7/64 dev e0 nodad");
    send_from_afar();
    expect_ok("ADD", config({{"gateways", {"10.2.0.7", "fd02::7"}}}));
    for (const char* address : {"10.2.0.2", "fd02::2"})
        EXPECT_TRUE(is_answered(*container_, address, *back_)) << address;
}

// Both machines have one address, and both interfaces are on its network.
TEST_F(SbrTraffic, LeavesByTheInterfaceOfItsAddressOnNetworksThatOverlap) {
    shell("ip -n back address add 10.1.0.1/24 dev e0; ip -n c1 address add 10.1.0.7/24 dev net1");
    EXPECT_FALSE(is_answered(*container_, "10.1.0.7", *back_));
    expect_ok("ADD", with_ips({ip("10.1.0.7/24", "10.1.0.1")}));
    EXPECT_TRUE(is_answered(*container_, "10.1.0.7", *back_));
    EXPECT_TRUE(is_answered(*container_, "10.1.0.2", *front_));
}

}  // namespace
}  // namespace cni::test
