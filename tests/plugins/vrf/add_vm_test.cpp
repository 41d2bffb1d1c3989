// A port keeps its addresses and routes, whatever table they are in.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using VmVrfAdd = VmVrfTest;

TEST_F(VmVrfAdd, MovesAddressesAndRoutes) {
    inside(
        "ip route add default via 10.88.0.1; ip route add 10.99.0.0/16 via 10.88.0.254 metric 50;"
        "ip route add 10.77.0.0/16 dev eth0 proto static;"
        "ip route add 10.60.0.0/16 mtu 1400 nexthop via 10.88.0.3 weight 3 nexthop via 10.88.0.4;"
        "ip route add 10.50.0.0/16 via 10.88.0.5 table 500; ip route add 10.51.0.0/16 dev eth0 src "
        "10.88.0.2; ip -6 route add default via fd88::1; ip -6 route add fd60::/64 via fe80::9 dev "
        "eth0 mtu 1400; ip -6 route add fd61::/64 dev eth0 src fd88::2");
    const std::string here = table("main"), before = state();
    expect_ok("ADD", config());
    EXPECT_EQ(link(*container_, "blue")["linkinfo"]["info_data"]["table"], 1);
    EXPECT_THAT(link(*container_, "blue")["flags"], Contains("UP"));
    EXPECT_EQ(master(), "blue");
    const std::string there = table("1");
    EXPECT_EQ(there, here);
    EXPECT_EQ(table("main"), "");
    EXPECT_THAT(table("500"), HasSubstr("10.50.0.0/16 via 10.88.0.5 dev eth0"));
    EXPECT_EQ(addresses(*container_), (std::vector<std::string>{"10.88.0.2/24", "fd88::2/64"}));
    EXPECT_THAT(table("all"), Not(HasSubstr("dev blue")));
    EXPECT_TRUE(ping(machine_->netns(), "10.88.0.2"));
    EXPECT_TRUE(ping(machine_->netns(), "fd88::2"));
    expect_ok("CHECK", config());
    // Again, and back.
    const std::string made = state();
    expect_ok("ADD", config());
    EXPECT_EQ(state(), made);
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before);
    EXPECT_FALSE(has_vrf());
    EXPECT_TRUE(ping(machine_->netns(), "fd88::2"));
}

TEST_F(VmVrfAdd, TakesItsWaysOutOfRoutesOfSeveralLinks) {
    inside(
        "ip link add other up type dummy; ip address add 10.66.0.2/24 dev other;"
        "ip address add fd66::2/64 dev other nodad; ip -6 route add default via fd66::1;"
        "ip -6 route append default via fd88::1; ip route add 10.62.0.0/16 nexthop via 10.66.0.3 "
        "nexthop via 10.88.0.3");
    const std::string before = state();
    expect_ok("ADD", config());
    EXPECT_THAT(table("1"),
                AllOf(HasSubstr("default via fd88::1 dev eth0 metric 1024"),
                      HasSubstr("10.62.0.0/16 via 10.88.0.3 dev eth0"), Not(HasSubstr("other"))));
    EXPECT_THAT(table("main"), HasSubstr("default via fd66::1 dev other metric 1024"));
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before);
}

// The addresses of such routes are those of the VRF's table, and no longer where the kernel looks.
TEST_F(VmVrfAdd, KeepsSourcesInOtherTables) {
    inside(
        "ip route add 10.88.0.0/24 dev eth0 src 10.88.0.2 table 500;"
        "ip route add 10.53.0.0/16 via 10.88.0.6 src 10.88.0.2 table 4000000000;"
        "ip -6 route add fd62::/64 via fd88::6 src fd88::2 table 500");
    const std::string before = state();
    const std::string here = table("500") + table("4000000000");
    expect_ok("ADD", config());
    EXPECT_EQ(table("500") + table("4000000000"), here);
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before);
}

// The kernel removes them with an interface that goes down for a moment.
TEST_F(VmVrfAdd, MovesWhatNexthopObjectsSay) {
    inside(
        "ip link add other up type dummy; ip address add 10.66.0.2/24 dev other;"
        "ip nexthop add id 7 via 10.88.0.7 dev eth0; ip nexthop add id 9 via fd88::7 dev eth0;"
        "ip nexthop add id 8 via 10.66.0.8 dev other; ip nexthop add id 70 group 7/8;"
        "ip route add 10.70.0.0/16 nhid 7 metric 5; ip route add 10.71.0.0/16 nhid 70;"
        "ip -6 route add fd70::/64 nhid 9");
    expect_ok("ADD", config());
    EXPECT_THAT(table("1"),
                AllOf(HasSubstr("10.70.0.0/16 via 10.88.0.7 dev eth0 metric 5"),
                      HasSubstr("10.71.0.0/16 via 10.88.0.7 dev eth0"),
                      HasSubstr("fd70::/64 via fd88::7 dev eth0"), Not(HasSubstr("other"))));
    EXPECT_THAT(table("main"), HasSubstr("10.71.0.0/16 nhid 70 via 10.66.0.8 dev other"));
    expect_ok("DEL", config());
    EXPECT_THAT(table("main"), AllOf(HasSubstr("10.70.0.0/16 via 10.88.0.7 dev eth0 metric 5"),
                                     HasSubstr("10.71.0.0/16 nhid 70 via 10.66.0.8 dev other"),
                                     HasSubstr("10.71.0.0/16 via 10.88.0.7 dev eth0"),
                                     HasSubstr("fd70::/64 via fd88::7 dev eth0")));
}

// Runtimes do so, and switch it on where an interface has an address.
TEST_F(VmVrfAdd, MovesIpv6WhereItIsOffByDefault) {
    inside(
        "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6;"
        "ip -6 route add default via fd88::1; ip -6 route add fd61::/64 dev eth0 src fd88::2");
    const std::string here = table("main"), before = state();
    expect_ok("ADD", config());
    EXPECT_EQ(table("1"), here);
    EXPECT_TRUE(ping(machine_->netns(), "fd88::2"));
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before);
    // One of somebody else stays as it is.
    inside("ip link add blue type vrf table 1");
    expect_ok("ADD", config());
    EXPECT_EQ(table("1"), here);
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before);
}

TEST_F(VmVrfAdd, ChoosesATableThatNothingUses) {
    inside(
        "ip link add red type vrf table 1; ip rule add from 10.9.9.9 lookup 2;"
        "ip -6 route add unreachable fd70::/64 table 3");
    expect_ok("ADD", config());
    EXPECT_EQ(link(*container_, "blue")["linkinfo"]["info_data"]["table"], 4);
}

TEST_F(VmVrfAdd, UsesTheTableThatIsAskedFor) {
    const json asked = config({{"table", 4000000000}});
    expect_ok("ADD", asked);
    EXPECT_EQ(link(*container_, "blue")["linkinfo"]["info_data"]["table"], 4000000000);
    expect_ok("CHECK", asked);
    expect_failure("CHECK", config({{"table", 7}}), 999,
                   "VRF blue has table 4000000000 instead of 7");
    expect_ok("DEL", asked);
    inside("ip link add blue type vrf table 1");
    expect_failure("ADD", asked, 999, "VRF blue already exist with different routing table 1");
    expect_ok("ADD", config());
    EXPECT_EQ(master(), "blue");
}

// Each of them has the same network.
TEST_F(VmVrfAdd, KeepsNetworksApartThatOverlap) {
    TestNetns other("other");
    expect_ok("ADD", config());
    lay_cable("eth1", other);
    const json red = config(
        {{"vrfname", "red"},
         {"prevResult", {{"interfaces", {{{"name", "eth1"}, {"sandbox", "/run/netns/c1"}}}}}}});
    expect_ok("ADD", red, "eth1");
    EXPECT_EQ(master("eth1"), "red");
    for (const TestNetns* machine : {&*machine_, &other})
        for (const char* address : {"10.88.0.2", "fd88::2"})
            EXPECT_TRUE(ping(machine->netns(), address)) << machine->name() << address;
    expect_ok("DEL", red, "eth1");
    EXPECT_FALSE(has_vrf("red"));
    EXPECT_TRUE(has_vrf());
}

TEST_F(VmVrfAdd, ThatIsRefusedChangesNothing) {
    inside(
        "ip link add red type vrf table 5; ip link add other type dummy; ip link set other master "
        "red");
    const std::string before = state();
    expect_failure("ADD", config({{"vrfname", "other"}}), 999, "Netlink other is not a VRF");
    EXPECT_THAT(call("ADD", config(), "eth9").error_message(),
                HasSubstr("find link eth9: No such device"));
    EXPECT_THAT(call("ADD", config(), "other").error_message(),
                HasSubstr("interface other has already a master set: red"));
    EXPECT_FALSE(has_vrf());
    // A link that cannot be a port: taken back.
    EXPECT_THAT(call("ADD", config(), "lo").error_message(),
                HasSubstr("could not set vrf blue as master of lo"));
    EXPECT_FALSE(has_vrf());
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace cni::test
