// What containers on a bridge can send each other, the host and the world, with real packets.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/frames.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class BridgeTraffic : public BridgeTest {
protected:
    /// Two containers of one network, told how the network is.
    struct Pair {
        TestNetns a{"a"}, b{"b"};
        json result_a, result_b;
        explicit Pair(const json& config) : result_a(add(a, config)), result_b(add(b, config)) {}
        bool reachable(char family) const { return ping(a.netns(), address_of(result_b, family)); }
    };

    static Mac mac_of(const json& result, int interface) {
        return Mac::parse(result["interfaces"][interface]["mac"].get<std::string>()).value();
    }

    /// The MAC that `netns` knows for an address, without having asked again.
    static std::string neighbour(const Netns& netns, const std::string& address) {
        return netns.run([&] {
            const auto list = json::parse(output_of({"ip", "-j", "neigh", "show", address}));
            return list.empty() ? "" : list[0].value("lladdr", "");
        });
    }
};

TEST_F(BridgeTraffic, ContainersReachEachOtherAndTheirGateway) {
    const Pair pair(layer3());
    for (const char family : {'4', '6'}) {
        EXPECT_TRUE(pair.reachable(family)) << family;
        EXPECT_TRUE(ping(Netns::current(), address_of(pair.result_a, family))) << family;
    }
    EXPECT_TRUE(ping(pair.a.netns(), "10.1.2.1"));
    EXPECT_TRUE(ping(pair.a.netns(), "fd00:1:2::1"));
}

TEST_F(BridgeTraffic, WithoutGatewayContainersStillReachEachOther) {
    const Pair pair(layer3({{"isGateway", false}, {"ipam", {{"routes", nullptr}}}}));
    EXPECT_TRUE(pair.reachable('4'));
    EXPECT_TRUE(pair.reachable('6'));
    EXPECT_FALSE(ping(pair.a.netns(), "10.1.2.1"));
}

TEST_F(BridgeTraffic, AllPayloadsPass) {
    const Pair pair(layer3());
    for (const char family : {'4', '6'}) {
        const ExchangeOptions options{.server = pair.b.netns(),
                                      .address = address_of(pair.result_b, family),
                                      .client = pair.a.netns()};
        for (const auto exchange : {exchange_tcp, exchange_udp}) {
            const Exchange seen = exchange(options);
            EXPECT_TRUE(seen.answered) << seen.failure;
            EXPECT_EQ(seen.peer_address, address_of(pair.result_a, family));
        }
    }
}

TEST_F(BridgeTraffic, Layer2CarriesFramesAndAddressesAreTheContainersAffair) {
    const Pair pair(layer2());
    pair.a.output_of({"ip", "address", "add", "10.9.0.1/24", "dev", "eth0"});
    pair.b.output_of({"ip", "address", "add", "10.9.0.2/24", "dev", "eth0"});
    EXPECT_TRUE(ping(pair.a.netns(), "10.9.0.2"));
}

TEST_F(BridgeTraffic, MasqueradedToTheOutside) {
    const Outside outside;
    const TestNetns c("c");
    add(c, layer3({{"ipMasq", true}}));
    const ExchangeOptions v4{
        .server = outside.netns().netns(), .address = outside.address(), .client = c.netns()};
    const ExchangeOptions v6{
        .server = outside.netns().netns(), .address = outside.address6(), .client = c.netns()};
    for (const auto exchange : {exchange_tcp, exchange_udp}) {
        const Exchange over_v4 = exchange(v4), over_v6 = exchange(v6);
        EXPECT_TRUE(over_v4.answered) << over_v4.failure;
        EXPECT_EQ(over_v4.peer_address, outside.host_address());
        EXPECT_TRUE(over_v6.answered) << over_v6.failure;
        EXPECT_EQ(over_v6.peer_address, outside.host_address6());
    }
}

TEST_F(BridgeTraffic, WithoutMasqueradingTheOutsideCannotAnswer) {
    const Outside outside;
    const TestNetns c("c");
    add(c, layer3());
    EXPECT_FALSE(ping(c.netns(), outside.address()));
    // It does see the container's own address: given a route it answers.
    outside.netns().output_of({"ip", "route", "add", "10.1.2.0/24", "via", "192.0.2.1"});
    EXPECT_TRUE(ping(c.netns(), outside.address()));
}

TEST_F(BridgeTraffic, InsideTheSubnetNothingIsMasqueraded) {
    const Pair pair(layer3({{"ipMasq", true}}));
    const Exchange seen = exchange_tcp({.server = pair.b.netns(),
                                        .address = address_of(pair.result_b, '4'),
                                        .client = pair.a.netns()});
    EXPECT_TRUE(seen.answered) << seen.failure;
    EXPECT_EQ(seen.peer_address, address_of(pair.result_a, '4'));
}

TEST_F(BridgeTraffic, IsolatedPortsReachOnlyTheBridge) {
    const Pair pair(layer3({{"portIsolation", true}}));
    EXPECT_FALSE(pair.reachable('4'));
    EXPECT_FALSE(pair.reachable('6'));
    EXPECT_TRUE(ping(pair.a.netns(), "10.1.2.1"));
    const TestNetns open("open");
    const json result = add(open, layer3());
    EXPECT_TRUE(ping(pair.a.netns(), address_of(result, '4')));
}

TEST_F(BridgeTraffic, HairpinModeReturnsAContainersOwnFrames) {
    for (const bool hairpin : {true, false}) {
        ASSERT_FALSE(enter_sandbox());
        const Pair pair(layer2({{"hairpinMode", hairpin}}));
        const Mac mac_a = mac_of(pair.result_a, 2), mac_b = mac_of(pair.result_b, 2);
        const FrameSocket a(pair.a.netns(), "eth0"), b(pair.b.netns(), "eth0");
        a.send({mac_a, broadcast, "own"});
        b.send({mac_b, broadcast, "end"});
        EXPECT_EQ(a.receives("own", "end"), hairpin);
    }
}

TEST_F(BridgeTraffic, SpoofedFramesAreDropped) {
    for (const bool checked : {true, false}) {
        ASSERT_FALSE(enter_sandbox());
        const Pair pair(layer2({{"macspoofchk", checked}}));
        const Mac mac_a = mac_of(pair.result_a, 2);
        const FrameSocket a(pair.a.netns(), "eth0"), b(pair.b.netns(), "eth0");
        a.send({Mac::random(), broadcast, "spoofed"});
        a.send({mac_a, broadcast, "honest"});
        EXPECT_EQ(b.receives("spoofed", "honest"), !checked);
    }
}

TEST_F(BridgeTraffic, SpoofChecksOfTwoContainersDoNotMix) {
    const Pair pair(layer2({{"macspoofchk", true}}));
    const FrameSocket a(pair.a.netns(), "eth0"), b(pair.b.netns(), "eth0");
    const Mac mac_a = mac_of(pair.result_a, 2), mac_b = mac_of(pair.result_b, 2);
    a.send({mac_b, broadcast, "of-b"});
    a.send({mac_a, broadcast, "honest"});
    EXPECT_FALSE(b.receives("of-b", "honest"));
    del(pair.b, layer2());
    const FrameSocket bridge(Netns::current(), "cni0");
    a.send({Mac::random(), broadcast, "spoofed"});
    a.send({mac_a, broadcast, "honest"});
    EXPECT_FALSE(bridge.receives("spoofed", "honest"));
}

TEST_F(BridgeTraffic, PacketsUpToTheMtuPassUnfragmented) {
    const Pair pair(layer3({{"mtu", 1400}}));
    const std::string target = address_of(pair.result_b, '4');
    const auto ping_of = [&](const char* payload) {
        return pair.a.run([&] {
            return run({.argv = {"ping", "-n", "-c", "1", "-W", "3", "-M", "do", "-s", payload,
                                 target}})
                .ok();
        });
    };
    EXPECT_TRUE(ping_of("1372"));  // and 28 bytes of headers
    EXPECT_FALSE(ping_of("1373"));
}

// An address goes to a new container while others still know it under the old one's MAC.
TEST_F(BridgeTraffic, NeighboursLearnANewMacWithoutAsking) {
    const ScriptedIpam ipam;
    const json config = scripted({{"isGateway", true}});
    const TestNetns watcher("watcher"), before("before"), after("after");
    ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
    add(watcher, config);
    ipam.answer(ipam_result({"10.1.2.3/24", "fd00:1:2::3/64"}));
    const json old_result = add(before, config);
    const Netns host = Netns::current();
    for (const char* address : {"10.1.2.3", "fd00:1:2::3"}) {
        for (const Netns* netns : {&host, &watcher.netns()}) {
            ASSERT_TRUE(ping(*netns, address));
            ASSERT_EQ(neighbour(*netns, address), mac_of(old_result, 2).to_string());
        }
    }
    del(before, config);
    const std::string mac = mac_of(add(after, config), 2).to_string();
    for (const char* address : {"10.1.2.3", "fd00:1:2::3"}) {
        EXPECT_EQ(neighbour(host, address), mac) << address;
        EXPECT_EQ(neighbour(watcher.netns(), address), mac) << address;
        EXPECT_TRUE(ping(watcher.netns(), address));
    }
}

TEST_F(BridgeTraffic, RouterAdvertisementsOfContainersAreIgnored) {
    const TestNetns c("c");
    // A host that would listen by default.
    output_of({"sh", "-c", "echo 2 > /proc/sys/net/ipv6/conf/default/accept_ra"});
    const json result = add(c, layer3());
    EXPECT_EQ(sysctl("net/ipv6/conf/cni0/accept_ra"), "0");
    EXPECT_EQ(sysctl(cat("net/ipv6/conf/", port_of(result), "/accept_ra")), "0");
}

}  // namespace
}  // namespace cni::test
