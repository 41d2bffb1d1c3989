// Real packets between containers, the host and the world.
#include <gmock/gmock.h>

#include "support/portmap_fixture.h"
#include "support/ptp_fixture.h"

namespace cni::test {
namespace {

class PtpTraffic : public PtpTest {};

TEST_F(PtpTraffic, ContainersReachTheHostAndEachOther) {
    const TestNetns a("a"), b("b");
    const json result_a = add(a, network()), result_b = add(b, network());
    for (const char family : {'4', '6'}) {
        const char* gateway = family == '4' ? "10.1.2.1" : "fd00:1:2::1";
        EXPECT_TRUE(ping(a.netns(), gateway)) << family;
        EXPECT_TRUE(ping(b.netns(), gateway)) << family;
        EXPECT_TRUE(ping(Netns::current(), address_of(result_a, family))) << family;
        const ExchangeOptions options{
            .server = b.netns(), .address = address_of(result_b, family), .client = a.netns()};
        for (const auto exchange : {exchange_tcp, exchange_udp}) {
            const Exchange seen = exchange(options);
            EXPECT_TRUE(seen.answered) << seen.failure;
            EXPECT_EQ(seen.peer_address, address_of(result_a, family));
        }
    }
}

// Nothing to learn, nothing to wait for: the first packet after ADD arrives.
TEST_F(PtpTraffic, ForwardedPacketsReachANewContainerAtOnce) {
    const Outside outside;
    const TestNetns c("c");
    const auto& world = outside.netns();
    world.output_of({"ip", "route", "add", "10.1.2.0/24", "via", outside.host_address()});
    world.output_of({"ip", "route", "add", "fd00:1:2::/64", "via", outside.host_address6()});
    const json result = add(c, network());
    EXPECT_TRUE(ping(world.netns(), address_of(result, '6')));
    EXPECT_TRUE(ping(world.netns(), address_of(result, '4')));
}

TEST_F(PtpTraffic, MasqueradedToTheOutsideAndNotWithin) {
    const Outside outside;
    const TestNetns a("a"), b("b");
    const json config = network({{"ipMasq", true}});
    const json result_a = add(a, config), result_b = add(b, config);
    for (const char family : {'4', '6'}) {
        const bool v4 = family == '4';
        const Exchange out = exchange_tcp({.server = outside.netns().netns(),
                                           .address = v4 ? outside.address() : outside.address6(),
                                           .client = a.netns()});
        EXPECT_TRUE(out.answered) << out.failure;
        EXPECT_EQ(out.peer_address, v4 ? outside.host_address() : outside.host_address6());
        const Exchange within = exchange_udp(
            {.server = b.netns(), .address = address_of(result_b, family), .client = a.netns()});
        EXPECT_TRUE(within.answered) << within.failure;
        EXPECT_EQ(within.peer_address, address_of(result_a, family));
    }
    del(a, config);
    EXPECT_TRUE(ping(b.netns(), outside.address())) << "the other container's rules stay";
}

/// With iptables' legacy tables, when there is something in them.
class PtpMasquerade : public PtpTraffic, public ::testing::WithParamInterface<Way> {};
INSTANTIATE_TEST_SUITE_P(All, PtpMasquerade, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PtpMasquerade, WorksAndLeavesNothing) {
    const bool nft = GetParam() == Way::nftables;
    if (GetParam() == Way::iptables_legacy)
        for (const char* program : {"iptables-legacy", "ip6tables-legacy"})
            output_of({program, "-t", "nat", "-N", "HOST"});
    const Outside outside;
    const TestNetns c("c1");
    const json config =
        network({{"ipMasq", true}, {"ipMasqBackend", nft ? "nftables" : "iptables"}});
    const auto rules = [] {
        const Snapshot now = host_snapshot();
        return now.nftables + now.iptables;
    };
    const json result = add(c, config);
    EXPECT_TRUE(ping(c.netns(), outside.address()));
    EXPECT_TRUE(ping(c.netns(), outside.address6()));
    const json recorded = with_prev_result(config, result);
    EXPECT_TRUE(call("CHECK", args(c), recorded).ok()) << call("CHECK", args(c), recorded).report();
    EXPECT_NE(rules().find("fd00:1:2::2"), std::string::npos);
    PluginArgs without_netns = args(c);
    without_netns.netns = "";
    EXPECT_TRUE(call("DEL", without_netns, config).ok());
    for (const char* address : {"10.1.2.2", "fd00:1:2::2"})
        EXPECT_EQ(rules().find(address), std::string::npos) << rules();

    add(c, config);
    json gc = config;
    gc["cniVersion"] = "1.1.0";
    gc["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(call("GC", args(c), gc).ok());
    for (const char* address : {"10.1.2.", "fd00:1:2::"})
        EXPECT_EQ(rules().find(address), std::string::npos) << rules();
}

TEST_F(PtpTraffic, WithoutMasqueradingTheOutsideSeesTheContainer) {
    const Outside outside;
    const TestNetns c("c");
    add(c, network());
    EXPECT_FALSE(ping(c.netns(), outside.address()));
    outside.netns().output_of({"ip", "route", "add", "10.1.2.0/24", "via", "192.0.2.1"});
    EXPECT_TRUE(ping(c.netns(), outside.address()));
}

// What is left of an earlier container must not swallow the packets of a later one.
TEST_F(PtpTraffic, TheLatestContainerWithAnAddressIsReached) {
    const TestNetns earlier("c1"), later("c2");
    const json config =
        fixed({{"addresses", {{{"address", "10.1.2.2/24"}}, {{"address", "fd00:1:2::2/64"}}}}});
    const auto answers = [&](const TestNetns& container) {
        for (const char* address : {"10.1.2.2", "fd00:1:2::2"}) {
            const Exchange seen = exchange_udp(
                {.server = container.netns(), .address = address, .client = Netns::current()});
            EXPECT_TRUE(seen.answered) << address << ": " << seen.failure;
        }
    };
    json earlier_result = with_prev_result(config, add(earlier, config));
    answers(earlier);
    const json later_result = with_prev_result(config, add(later, config));
    answers(later);
    const PluginRun check = call("CHECK", args(later), later_result);
    EXPECT_TRUE(check.ok()) << check.report();
    // Of IPv6 the host has forgotten the earlier route.
    earlier_result["prevResult"]["ips"].erase(1);
    earlier_result["ipam"]["addresses"].erase(1);
    EXPECT_THAT(call("CHECK", args(earlier), earlier_result).error_message(),
                ::testing::StartsWith("no route to 10.1.2.2/32 through"));
    del(later, config);
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.2"));
}

TEST_F(PtpTraffic, TwoInterfacesOfOneContainer) {
    const TestNetns c("c1");
    const json second = fixed({{"addresses", {{{"address", "10.5.0.2/24"}}}}}, {{"name", "net2"}});
    add(c, network());
    add(c, second, "net1");
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.2"));
    EXPECT_TRUE(ping(Netns::current(), "10.5.0.2"));
    del(c, second, "net1");
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.2"));
}

TEST_F(PtpTraffic, IPv6SurvivesTheLinkGoingDownAndUp) {
    const TestNetns c("c1");
    const json result = add(c, fixed({{"addresses", {{{"address", "fd00:1::2/64"}}}}}));
    output_of({"ip", "link", "set", host_end(result), "down"});
    output_of({"ip", "link", "set", host_end(result), "up"});
    EXPECT_EQ(addresses(c), std::vector<std::string>{"fd00:1::2/64"});
    // Not a route to the subnet on the link.
    for (const std::string& route : c.run([] { return routes("-6", "eth0"); }))
        EXPECT_EQ(route.find("proto kernel"), std::string::npos) << route;
}

}  // namespace
}  // namespace cni::test
