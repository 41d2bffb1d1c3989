// Packets of a VLAN: to another machine, between containers of two interfaces, and to nobody else.
#include "fixture.h"
#include "support/frames.h"

namespace cni::test {
namespace {

class VmVlanTraffic : public VmVlanTest {};

TEST_F(VmVlanTraffic, FlowsToAnotherMachineOfTheVlan) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, network());
    add(d, network({{"vlanId", 6}}));
    for (const char family : {'4', '6'}) {
        const std::string gateway = family == '4' ? "10.1.2.1" : "fd00:1:2::1";
        expect_answer(c, one, outside(), gateway);
        EXPECT_FALSE(ping(d.netns(), gateway)) << "of another VLAN";
    }
}

// Both ends of the cable are masters, as of two hosts.
TEST_F(VmVlanTraffic, FlowsBetweenContainersAcrossATrunk) {
    shell("ip link add m0 up type veth peer name m1; ip link set m1 up");
    const TestNetns a("a"), b("b"), other("other");
    const json first = add(a, network({{"master", "m0"}})),
               second = add(b, network({{"master", "m1"}}));
    add(other, network({{"master", "m1"}, {"vlanId", 6}}));
    for (const char family : {'4', '6'}) {
        expect_answer(a, first, b, address_of(second, family));
        expect_answer(b, second, a, address_of(first, family));
        EXPECT_FALSE(ping(other.netns(), address_of(first, family)));
    }
}

TEST_F(VmVlanTraffic, BearsTheTagOfTheVlan) {
    const TestNetns c("c1");
    add(c, network());
    const FrameSocket inside(c.netns(), "eth0"), wire(outside().netns(), "eth0");
    inside.send({.source = Mac::parse(mac(c)).value(), .destination = broadcast, .text = "hello"});
    const auto seen = wire.receive();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->text, "hello");
    EXPECT_EQ(seen->vlan, 5);
}

TEST_F(VmVlanTraffic, FlowsInServiceVlans) {
    shell(outside(), "ip link delete eth0.5");
    make_vlan("service", "proto 802.1ad id 5");
    const TestNetns c("c1");
    const json config = network({{"protocol", "802.1ad"}}), result = add(c, config);
    for (const char family : {'4', '6'})
        expect_answer(c, result, outside(), family == '4' ? "10.1.2.1" : "fd00:1:2::1");
}

TEST_F(VmVlanTraffic, FlowsThroughAnInterfaceInTheContainer) {
    const TestNetns c("c1"), world("world");
    shell("ip link add net0 up netns c1 type veth peer name eth0 netns world");
    shell(world,
          "ip link set eth0 up; ip link add link eth0 name v5 type vlan id 5;"
          "ip address add 10.1.2.1/24 dev v5; ip link set v5 up");
    add(c, network({{"master", "net0"}, {"linkInContainer", true}}), "net1");
    EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
}

// What the other machine knows of an address that was another container's is right at once.
TEST_F(VmVlanTraffic, IsAnnounced) {
    const TestNetns c("c1");
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"})
        outside().output_of({"ip", "neigh", "replace", address, "lladdr", "02:00:00:00:ff:ff",
                             "dev", "eth0.5", "nud", "stale"});
    add(c, network());
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) {
        const auto known = json::parse(
            outside().output_of({"ip", "-j", "neigh", "show", "to", address, "dev", "eth0.5"}));
        EXPECT_EQ(known[0]["lladdr"], mac(c)) << address;
    }
}

}  // namespace
}  // namespace cni::test
