// Who reaches a mapped port from where, and whom the container then sees, with real packets.
#include <fcntl.h>

#include "base/file.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

/// The world: a machine outside, the host, two containers of which the first has mapped ports.
struct World {
    Outside outside;
    Netns host = Netns::current();

    const Netns& world() const { return outside.netns().netns(); }
};

class PortmapTraffic : public EachWay {
protected:
    using Exchanger = Exchange (*)(const ExchangeOptions&);

    /// From somewhere to an address of the host: the source that the container sees, "" when
    /// there is no answer.
    static std::string source_seen(const Netns& from, const std::string& address, int port,
                                   const Container& to, Exchanger exchange = exchange_tcp) {
        const char family = address.find(':') == address.npos ? '4' : '6';
        const Exchange seen = exchange({.server = to.netns.netns(),
                                        .address = to.address(family),
                                        .port = 80,
                                        .client = from,
                                        .target_address = address,
                                        .target_port = port});
        return seen.answered ? seen.peer_address : "";
    }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapTraffic, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapTraffic, SourcesAreKeptButThoseThatCouldNotBeAnswered) {
    const World w;
    const Container c("c1"), neighbour("c2");
    map(c, {mapping(8080, 80), mapping(8080, 80, "udp")});
    for (const Exchanger exchange : {exchange_tcp, exchange_udp}) {
        const auto seen = [&](const Netns& from, const char* address) {
            return source_seen(from, address, 8080, c, exchange);
        };
        EXPECT_EQ(seen(w.world(), "192.0.2.1"), "192.0.2.2");
        EXPECT_EQ(seen(w.host, "192.0.2.1"), "192.0.2.1");
        EXPECT_EQ(seen(w.host, "10.1.2.1"), "10.1.2.1");
        EXPECT_EQ(seen(w.host, "127.0.0.1"), "10.1.2.1");
        EXPECT_EQ(seen(c.netns.netns(), "10.1.2.1"), "10.1.2.1");
        EXPECT_EQ(seen(c.netns.netns(), "192.0.2.1"), "10.1.2.1");
        EXPECT_EQ(seen(neighbour.netns.netns(), "10.1.2.1"), "10.1.2.1");
        EXPECT_EQ(seen(neighbour.netns.netns(), "192.0.2.1"), "10.1.2.1");
    }
}

TEST_P(PortmapTraffic, TheSameWithIpv6ExceptFromLocalhost) {
    const World w;
    const Container c("c1"), neighbour("c2");
    map(c, {mapping(8080, 80), mapping(8080, 80, "udp")});
    for (const Exchanger exchange : {exchange_tcp, exchange_udp}) {
        const auto seen = [&](const Netns& from, const char* address) {
            return source_seen(from, address, 8080, c, exchange);
        };
        EXPECT_EQ(seen(w.world(), "2001:db8::1"), "2001:db8::2");
        EXPECT_EQ(seen(w.host, "2001:db8::1"), "2001:db8::1");
        EXPECT_EQ(seen(c.netns.netns(), "fd00:1:2::1"), "fd00:1:2::1");
        EXPECT_EQ(seen(neighbour.netns.netns(), "fd00:1:2::1"), "fd00:1:2::1");
    }
    EXPECT_EQ(source_seen(w.host, "::1", 8080, c), "");
}

TEST_P(PortmapTraffic, MasqAllHidesEverySource) {
    const World w;
    const Container c("c1");
    map(c, {mapping(8080, 80)}, {{"masqAll", true}});
    for (const Netns* from : {&w.world(), &w.host, &c.netns.netns()})
        EXPECT_EQ(source_seen(*from, "192.0.2.1", 8080, c), "10.1.2.1");
    EXPECT_EQ(source_seen(w.host, "127.0.0.1", 8080, c), "10.1.2.1");
    EXPECT_EQ(source_seen(w.world(), "2001:db8::1", 8080, c), "fd00:1:2::1");
    // What is not mapped is not masqueraded either.
    w.outside.netns().output_of({"ip", "route", "add", "10.1.2.0/24", "via", "192.0.2.1"});
    EXPECT_EQ(source_seen(w.world(), c.address(), 80, c), "192.0.2.2");
}

TEST_P(PortmapTraffic, WithoutSnatNothingIsMasqueradedAndLocalhostStaysClosed) {
    const World w;
    const Container c("c1");
    map(c, {mapping(8080, 80)}, {{"snat", false}});
    EXPECT_EQ(source_seen(w.world(), "192.0.2.1", 8080, c), "192.0.2.2");
    EXPECT_EQ(source_seen(w.host, "192.0.2.1", 8080, c), "192.0.2.1");
    EXPECT_EQ(source_seen(w.host, "127.0.0.1", 8080, c), "");
    EXPECT_EQ(source_seen(c.netns.netns(), "10.1.2.1", 8080, c), "");
    EXPECT_EQ(sysctl("net/ipv4/conf/cni0/route_localnet"), "0");
}

TEST_P(PortmapTraffic, SctpIsForwarded) {
    const World w;
    const Container c("c1");
    map(c, {mapping(8080, 80, "sctp")});
    EXPECT_EQ(source_seen(w.world(), "192.0.2.1", 8080, c, send_sctp), "192.0.2.2");
    EXPECT_EQ(source_seen(w.world(), "192.0.2.1", 8081, c, send_sctp), "");
}

TEST_P(PortmapTraffic, AHostAddressIsTheOnlyOneThatIsMapped) {
    const World w;
    const Container c("c1");
    map(c, {mapping(8080, 80, "tcp", "192.0.2.1"), mapping(8081, 80, "tcp", "2001:db8::1"),
            mapping(8082, 80, "tcp", "0.0.0.0"), mapping(8083, 80, "tcp", "::"),
            mapping(8084, 80, "tcp", "::ffff:192.0.2.1")});
    const auto reached = [&](const char* address, int port) {
        return !source_seen(w.host, address, port, c).empty();
    };
    EXPECT_TRUE(reached("192.0.2.1", 8080));
    EXPECT_FALSE(reached("10.1.2.1", 8080));
    EXPECT_TRUE(reached("2001:db8::1", 8081));
    EXPECT_FALSE(reached("fd00:1:2::1", 8081));
    EXPECT_FALSE(reached("192.0.2.1", 8081));
    EXPECT_TRUE(reached("10.1.2.1", 8082));
    EXPECT_FALSE(reached("2001:db8::1", 8082));
    EXPECT_TRUE(reached("fd00:1:2::1", 8083));
    EXPECT_FALSE(reached("192.0.2.1", 8083));
    EXPECT_TRUE(reached("192.0.2.1", 8084));
    EXPECT_FALSE(reached("10.1.2.1", 8084));
}

TEST_P(PortmapTraffic, TwoContainersShareAPortOnDifferentAddresses) {
    const World w;
    const Container c1("c1"), c2("c2");
    map(c1, {mapping(8080, 80)});
    map(c2, {mapping(8080, 80, "tcp", "10.1.2.1")});
    EXPECT_TRUE(connect(w.host, "10.1.2.1", 8080, c2).answered);
    EXPECT_TRUE(connect(w.host, "192.0.2.1", 8080, c1).answered);
}

// CVE-2025-67499: what only passes through the host is not taken for a mapped port.
TEST_P(PortmapTraffic, TransitPacketsArePassedOn) {
    const World w;
    const Container c("c1"), other("c2");
    map(c, {mapping(8080, 80), mapping(8081, 80, "tcp", "10.1.2.77")});
    w.outside.netns().output_of({"ip", "route", "add", "10.1.2.0/24", "via", "192.0.2.1"});
    const Exchange inwards = exchange_tcp({.server = other.netns.netns(),
                                           .address = other.address(),
                                           .port = 8080,
                                           .client = w.world()});
    EXPECT_TRUE(inwards.answered) << inwards.failure;
    EXPECT_EQ(inwards.peer_address, "192.0.2.2");
    const Exchange outwards = exchange_tcp({.server = w.world(),
                                            .address = w.outside.address(),
                                            .port = 8080,
                                            .client = other.netns.netns()});
    EXPECT_TRUE(outwards.answered) << outwards.failure;
    EXPECT_FALSE(connect(w.world(), "10.1.2.77", 8081, c).answered);
}

TEST_P(PortmapTraffic, ConditionsHaveToHold) {
    const World w;
    const Container c("c1");
    const bool nft = way() == Way::nftables;
    map(c, {mapping(8080, 80)},
        {{"conditionsV4",
          nft ? json{"ip", "saddr", "!=", "192.0.2.2"} : json{"!", "-s", "192.0.2.2/32"}},
         {"conditionsV6",
          nft ? json{"ip6", "saddr", "2001:db8::2"} : json{"-s", "2001:db8::2/128"}}});
    EXPECT_EQ(source_seen(w.world(), "192.0.2.1", 8080, c), "");
    EXPECT_EQ(source_seen(w.host, "192.0.2.1", 8080, c), "192.0.2.1");
    EXPECT_EQ(source_seen(w.world(), "2001:db8::1", 8080, c), "2001:db8::2");
    EXPECT_EQ(source_seen(w.host, "2001:db8::1", 8080, c), "");
}

TEST_P(PortmapTraffic, ConditionsAreNotThoseOfOthers) {
    const World w;
    const Container c1("c1"), c2("c2");
    map(c1, {mapping(8080, 80)});
    map(c2, {mapping(8081, 80)},
        {{"conditionsV4", way() == Way::nftables ? json{"ip", "saddr", "192.0.2.99"}
                                                 : json{"-s", "192.0.2.99/32"}}});
    EXPECT_TRUE(connect(w.world(), "192.0.2.1", 8080, c1).answered);
    EXPECT_FALSE(connect(w.world(), "192.0.2.1", 8081, c2).answered);
}

TEST_P(PortmapTraffic, ManyPorts) {
    const World w;
    const Container c("c1");
    Mappings mappings;
    for (int port = 8000; port < 8040; ++port) mappings.push_back(mapping(port, 80));
    map(c, mappings);
    for (const int port : {8000, 8014, 8015, 8039})
        EXPECT_TRUE(connect(w.world(), "192.0.2.1", port, c).answered) << port;
    EXPECT_FALSE(connect(w.world(), "192.0.2.1", 8040, c).answered);
}

// route_localnet, which lets the host use a mapped port of its 127.0.0.1, would let containers
// reach what listens there.
TEST_P(PortmapTraffic, ServicesOfLocalhostStayTheHosts) {
    const World w;
    const Container c("c1");
    map(c, {mapping(8080, 80)});
    EXPECT_EQ(sysctl("net/ipv4/conf/cni0/route_localnet"), "1");
    c.netns.output_of({"sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet"});
    c.netns.output_of({"ip", "route", "add", "127.0.0.5/32", "via", "10.1.2.1"});
    const ExchangeOptions to_localhost{
        .server = w.host, .address = "127.0.0.5", .client = c.netns.netns()};
    EXPECT_FALSE(exchange_udp(to_localhost).answered);
    EXPECT_TRUE(connect(w.host, "127.0.0.5", 8080, c).answered);
}

}  // namespace
}  // namespace cni::test
