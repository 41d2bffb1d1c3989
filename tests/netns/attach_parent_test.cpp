// The interface that a container's one is on.
#include <gtest/gtest.h>

#include "attach/parent.h"
#include "attach_fixture.h"

namespace cni {
namespace {

using test::TestNetns;

class AttachParent : public test::AttachTest {
protected:
    /// What CHECK says of eth0; "" when it is on this parent.
    static std::string fault(const TestNetns& netns, const ParentChoice& choice) try {
        Rtnl host;
        Container container = open(netns);
        check_parent(container.get_interface(), choice, host, container);
        return {};
    } catch (const Error& error) {
        return error.msg;
    }
};

TEST_F(AttachParent, TheParentIsTheOneThatIsNamed) {
    const TestNetns c("c1");
    shell("ip link add m0 type veth peer name m1; ip link set m1 netns c1");
    Rtnl host;
    Container container = open(c);
    EXPECT_EQ(Parent({.name = "m0"}, host, container).link.name, "m0");
    EXPECT_EQ(Parent({.name = "m1", .in_container = true}, host, container).link.name, "m1");
    EXPECT_EQ(test::thrown([&] { Parent({.name = "m1"}, host, container); }).msg,
              "failed to lookup master \"m1\": Link not found");
}

TEST_F(AttachParent, WithoutANameTheParentIsWhatTheDefaultRouteLeadsThrough) {
    const TestNetns c("c1");
    Rtnl host;
    Container container = open(c);
    EXPECT_EQ(test::thrown([&] { Parent({}, host, container); }).msg,
              "no default route interface found");
    shell(
        "ip link add m4 type veth peer name m6; ip link set m4 up; ip link set m6 up;"
        "ip address add 10.1.1.1/24 dev m4; ip route add default via 10.1.1.2 dev m4 table 7;"
        "ip -6 route add default dev m6 metric 9; ip route add blackhole default metric 9");
    EXPECT_EQ(Parent({}, host, container).link.name, "m6");
    shell("ip route add default nexthop via 10.1.1.2 nexthop via 10.1.1.3");
    EXPECT_EQ(Parent({}, host, container).link.name, "m4");
}

TEST_F(AttachParent, AChainedParentIsTheOneInterfaceThatHasAName) {
    Result result;
    result.interfaces.resize(3);
    EXPECT_THROW(chained_parent(result), Error);
    result.interfaces[1].name = "m0";
    EXPECT_EQ(chained_parent(result), "m0");
    result.interfaces[2].name = "m1";
    EXPECT_EQ(test::thrown([&] { chained_parent(result); }).msg,
              "chained master failure. PrevResult lacks a single named interface");
}

TEST_F(AttachParent, AnMtuMayBeAsLargeAsTheParents) {
    Link parent;
    parent.mtu = 1450;
    require_mtu_within(parent, 1450);
    EXPECT_EQ(test::thrown([&] { require_mtu_within(parent, 1451); }).msg,
              "invalid MTU 1451, must be [0, master MTU(1450)]");
}

TEST_F(AttachParent, IsToldWhenItIsAnotherOne) {
    const TestNetns c("c1");
    shell(
        "ip link add m0 type veth peer name m1; ip link add link m0 name eth0 netns c1 type "
        "macvlan");
    EXPECT_EQ(fault(c, {.name = "m0"}), "");
    EXPECT_EQ(fault(c, {.name = "m1"}), "interface eth0 is on m0 instead of m1");
    EXPECT_EQ(fault(c, {.name = "m2"}), "failed to lookup master \"m2\": Link not found");
    EXPECT_EQ(fault(c, {}), "no default route interface found");
}

// Which has the same index.
TEST_F(AttachParent, IsToldWhenItIsElsewhere) {
    const TestNetns c("c1"), third("third");
    shell(
        "ip link add m0 index 77 type veth peer name m1;"
        "ip -n third link add m0 index 77 type veth peer name m1;"
        "ip -n third link add link m0 name eth0 netns c1 type macvlan");
    EXPECT_EQ(fault(c, {.name = "m0"}),
              "interface eth0 is on an interface of another namespace instead of m0");
    shell("ip -n c1 link add m0 index 77 type veth peer name m1");
    EXPECT_EQ(fault(c, {.name = "m0", .in_container = true}),
              "interface eth0 is on an interface of another namespace instead of m0");
    shell("ip -n c1 link delete eth0; ip -n c1 link add link m0 name eth0 type macvlan");
    EXPECT_EQ(fault(c, {.name = "m0"}), "interface eth0 is on m0 in the container instead of m0");
    EXPECT_EQ(fault(c, {.name = "m0", .in_container = true}), "");
    shell("ip -n c1 link delete eth0; ip -n c1 link add eth0 type bridge");
    EXPECT_EQ(fault(c, {.name = "m0"}), "interface eth0 is on nothing instead of m0");
}

TEST_F(AttachParent, OfAMacvlanMayBeAMacvlan) {
    const TestNetns c("c1");
    shell(
        "ip link add m0 type veth peer name m1; ip link add link m0 name own type macvlan;"
        "ip link add link own name eth0 netns c1 type macvlan");
    EXPECT_EQ(fault(c, {.name = "own"}), "");
    EXPECT_EQ(fault(c, {.name = "m0"}), "");
    EXPECT_EQ(fault(c, {.name = "m1"}), "interface eth0 is on m0 instead of m1");
    shell("ip link add link m0 name inner netns c1 type macvlan");
    EXPECT_EQ(fault(c, {.name = "inner", .in_container = true}), "");
}

TEST_F(AttachParent, IsWantedThereAndUpByStatus) {
    const auto problem = [&](const ParentChoice& choice) {
        return test::thrown([&] { require_parent(choice, 1500); });
    };
    EXPECT_EQ(problem({.name = "m0"}).msg, "failed to lookup master \"m0\": Link not found");
    EXPECT_EQ(problem({.name = "m0"}).code, Code::plugin_not_available);
    EXPECT_EQ(problem({}).msg, "no default route interface found");
    EXPECT_EQ(problem({}).code, Code::plugin_not_available);
    shell("ip link add m0 type veth peer name m1");
    EXPECT_EQ(problem({.name = "m0"}).msg, "master m0 is down");
    EXPECT_EQ(problem({.name = "m0"}).code, Code::plugin_not_available);
    shell("ip link set m0 up");
    require_parent({.name = "m0"}, 1500);
    EXPECT_EQ(test::thrown([&] { require_parent({.name = "m0"}, 1501); }).msg,
              "invalid MTU 1501, must be [0, master MTU(1500)]");
    require_parent({.name = "m9", .in_container = true}, 9000);
}

}  // namespace
}  // namespace cni
