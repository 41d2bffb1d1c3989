// Packets: between containers, to a machine on the master's network, and to nobody else.
#include "fixture.h"

namespace cni::test {
namespace {

class VmIpvlanTraffic : public VmIpvlan {
protected:
    /// The addresses are routed to the host, as they have to be in the modes of layer 3.
    void expect_traffic(const json& config) const {
        const TestNetns c("c1"), d("d1");
        const json one = add(c, config), other = add(d, config);
        for (const char family : {'4', '6'}) {
            expect_answer(c, one, d, address_of(other, family));
            const std::string address = family == '4' ? outside().address() : outside().address6();
            expect_answer(c, one, outside().netns(), address);
        }
        del(c, config);
        del(d, config);
    }
};

TEST_F(VmIpvlanTraffic, FlowsBetweenContainersAndToTheWorld) {
    expect_traffic(network());
}

TEST_F(VmIpvlanTraffic, FlowsInTheModesOfLayer3WhereTheWorldKnowsTheWay) {
    // Nobody answers for the containers' addresses: the world has to be told.
    const std::string mac = shared_mac();
    for (const char* mode : {"l3", "l3s"}) {
        for (int i = 2; i < 10; ++i)
            for (const std::string& address : {cat("10.1.2.", i), cat("fd00:1:2::", i)})
                outside().netns().output_of({"ip", "neigh", "replace", address, "lladdr", mac,
                                             "dev", "eth0", "nud", "permanent"});
        expect_traffic(network({{"mode", mode}}));
    }
}

TEST_F(VmIpvlanTraffic, IsKeptFromSiblingsByIsolation) {
    for (const char* isolation : {"private", "vepa"}) {
        const TestNetns c("c1"), d("d1");
        const json config = network({{"isolation", isolation}});
        add(c, config);
        const json other = add(d, config);
        EXPECT_FALSE(ping(c.netns(), address_of(other, '4'))) << isolation;
        EXPECT_TRUE(ping(c.netns(), outside().address())) << isolation;
        EXPECT_TRUE(ping(d.netns(), outside().address6())) << isolation;
        del(c, config);
        del(d, config);
    }
}

// What the world knows of an address that moved is right at once.
TEST_F(VmIpvlanTraffic, IsAnnounced) {
    const TestNetns c("c1");
    ASSERT_TRUE(ping(Netns::current(), outside().address6()));
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"})
        outside().netns().output_of({"ip", "neigh", "replace", address, "lladdr",
                                     "02:00:00:00:ff:ff", "dev", "eth0", "nud", "stale"});
    add(c, network());
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) {
        const auto known = json::parse(outside().netns().output_of(
            {"ip", "-j", "neigh", "show", "to", address, "dev", "eth0"}));
        EXPECT_EQ(known[0]["lladdr"], shared_mac()) << address;
    }
}

}  // namespace
}  // namespace cni::test
