// Packets: between containers, to a machine on the master's network, and to nobody else.
#include "fixture.h"
#include "support/frames.h"

namespace cni::test {
namespace {

class MacvlanTraffic : public MacvlanTest {};

TEST_F(MacvlanTraffic, FlowsBetweenContainersAndToTheWorld) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, network()), other = add(d, network());
    for (const char family : {'4', '6'}) {
        expect_answer(c, one, d, address_of(other, family));
        const std::string address = family == '4' ? outside().address() : outside().address6();
        expect_answer(c, one, outside().netns(), address);
        expect_answer(d, other, outside().netns(), address);
    }
}

TEST_F(MacvlanTraffic, IsKeptFromSiblingsByTheMode) {
    for (const char* mode : {"private", "vepa"}) {
        const TestNetns c("c1"), d("d1");
        const json config = network({{"mode", mode}});
        const json one = add(c, config), other = add(d, config);
        EXPECT_FALSE(ping(c.netns(), address_of(other, '4'))) << mode;
        EXPECT_TRUE(ping(c.netns(), outside().address())) << mode;
        EXPECT_TRUE(ping(d.netns(), outside().address6())) << mode;
        del(c, config);
        del(d, config);
    }
}

TEST_F(MacvlanTraffic, FlowsInModePassthru) {
    const TestNetns c("c1");
    add(c, network({{"mode", "passthru"}}));
    EXPECT_TRUE(ping(c.netns(), outside().address()));
    EXPECT_TRUE(ping(c.netns(), outside().address6()));
}

TEST_F(MacvlanTraffic, FlowsAsFramesWithoutIpam) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, layer2_network()), other = add(d, layer2_network());
    const FrameSocket in_c(c.netns(), "eth0"), in_d(d.netns(), "eth0"),
        in_world(outside().netns().netns(), "eth0");
    in_c.send({.source = Mac::parse(mac(one)).value(),
               .destination = Mac::parse(mac(other)).value(),
               .text = "for d1"});
    EXPECT_EQ(in_d.receive().value_or(Frame{}).text, "for d1");
    in_c.send({.source = Mac::parse(mac(one)).value(), .destination = broadcast, .text = "all"});
    EXPECT_EQ(in_d.receive().value_or(Frame{}).text, "all");
    EXPECT_EQ(in_world.receive().value_or(Frame{}).text, "all");
}

TEST_F(MacvlanTraffic, FlowsThroughAnInterfaceInTheContainer) {
    const TestNetns c("c1"), world("world");
    shell(
        "ip -n world link add eth0 up type veth peer name net0 netns c1; ip -n c1 link set net0 up;"
        "ip -n world address add 10.9.0.1/24 dev eth0");
    json config = network({{"master", "net0"}, {"linkInContainer", true}});
    config["ipam"] = {{"type", "static"}, {"addresses", {{{"address", "10.9.0.2/24"}}}}};
    add(c, config, "net1");
    EXPECT_TRUE(ping(c.netns(), "10.9.0.1"));
}

// What the world knows of an address that moved is right at once: it would otherwise send to the
// earlier container's for minutes.
TEST_F(MacvlanTraffic, IsAnnounced) {
    const TestNetns c("c1");
    const auto know = [&](const std::string& address) {
        outside().netns().output_of({"ip", "neigh", "replace", address, "lladdr",
                                     "02:00:00:00:ff:ff", "dev", "eth0", "nud", "stale"});
    };
    // The world hears advertisements once it has noticed its cable.
    ASSERT_TRUE(ping(Netns::current(), outside().address6()));
    know("10.1.2.2");
    know("fd00:1:2::2");
    const std::string own = mac(add(c, network()));
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) {
        const auto known = json::parse(outside().netns().output_of(
            {"ip", "-j", "neigh", "show", "to", address, "dev", "eth0"}));
        EXPECT_EQ(known[0]["lladdr"], own) << address;
    }
}

}  // namespace
}  // namespace cni::test
