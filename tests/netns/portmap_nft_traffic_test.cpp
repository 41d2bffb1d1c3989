// Packets through the maps: a bridge with two containers, a machine outside, one behind the host.
#include <gtest/gtest.h>

#include <linux/rtnetlink.h>

#include "plugins/portmap/nftables/backend.h"
#include "plugins/portmap/nftables/guard.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::portmap::nftables {
namespace {

using test::Exchange;
using test::exchange_tcp;
using test::exchange_udp;
using test::output_of;
using test::Outside;
using test::TestNetns;

constexpr std::uint16_t host_port = 8080, container_port = 80;

class PortmapNftTraffic : public test::SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        host_ = Netns::current();
        outside_.emplace();
        output_of({"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"});
        output_of({"ip", "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge"});
        for (const char* address : {"10.88.0.1/24", "fd00:88::1/64"})
            output_of({"ip", "address", "add", address, "dev", "br0", "nodad"});
        output_of({"ip", "link", "set", "br0", "up"});
        output_of({"sysctl", "-qw", "net.ipv4.conf.br0.route_localnet=1"});
        connect(c1_.emplace("c1"), "port1", {"10.88.0.2/24", "fd00:88::2/64"});
        connect(c2_.emplace("c2"), "port2", {"10.88.0.3/24", "fd00:88::3/64"});
        connection_.emplace();
    }

    nft::Connection& connection() { return *connection_; }
    const Outside& outside() const { return *outside_; }
    const TestNetns& c1() const { return *c1_; }
    const TestNetns& c2() const { return *c2_; }
    const Netns& host() const { return *host_; }

    static Forwarding to(const char* container, std::vector<Condition> conditions = {}) {
        const Prefix address = Prefix::parse(container).value();
        const std::string id = address.ip.to_string().ends_with("2") ? "c1" : "c2";
        return {.owner = {"net1", id, "eth0"},
                .container = address,
                .mappings = {{IPPROTO_TCP, host_port, container_port, {}},
                             {IPPROTO_UDP, host_port, container_port, {}}},
                .conditions = std::move(conditions)};
    }
    void add(const Forwarding& forwarding) { nftables::add(connection(), {forwarding}); }

    /// From a client to the port of the host, with a server in a container.
    Exchange tcp(const Netns& client, const std::string& target, const TestNetns& server,
                 const std::string& address) const {
        return exchange_tcp({.server = server.netns(),
                             .address = address,
                             .port = container_port,
                             .client = client,
                             .target_address = target,
                             .target_port = host_port});
    }
    /// The source that container 1 sees; "" when it was not reached.
    std::string seen(const Netns& client, const std::string& target) const {
        const bool v4 = target.find(':') == target.npos;
        const Exchange e = tcp(client, target, c1(), v4 ? "10.88.0.2" : "fd00:88::2");
        return e.answered ? e.peer_address : "";
    }

private:
    static void connect(const TestNetns& netns, const std::string& port,
                        std::initializer_list<const char*> addresses) {
        output_of({"ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
                   netns.name()});
        output_of({"ip", "link", "set", port, "master", "br0"});
        // Where bridges pass their packets to netfilter, a container reaches itself only so.
        output_of({"ip", "link", "set", port, "type", "bridge_slave", "hairpin", "on"});
        output_of({"ip", "link", "set", port, "up"});
        for (const char* address : addresses)
            netns.output_of({"ip", "address", "add", address, "dev", "eth0", "nodad"});
        netns.output_of({"ip", "link", "set", "eth0", "up"});
        netns.output_of({"ip", "link", "set", "lo", "up"});
        netns.output_of({"ip", "route", "add", "default", "via", "10.88.0.1"});
        netns.output_of({"ip", "-6", "route", "add", "default", "via", "fd00:88::1"});
    }

    std::optional<Netns> host_;
    std::optional<Outside> outside_;
    std::optional<TestNetns> c1_, c2_;
    std::optional<nft::Connection> connection_;
};

TEST_F(PortmapNftTraffic, EachSourceIsSeenAsItShouldBe) {
    add(to("10.88.0.2/24"));
    add(to("10.88.0.3/24", {MarkCondition{1, 1}}));  // not in the way
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "192.0.2.2");
    EXPECT_EQ(seen(host(), "127.0.0.1"), "10.88.0.1");
    EXPECT_EQ(seen(host(), "192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(seen(c1().netns(), "10.88.0.1"), "10.88.0.1");
    EXPECT_EQ(seen(c2().netns(), "10.88.0.1"), "10.88.0.1");
    EXPECT_EQ(seen(c2().netns(), "192.0.2.1"), "10.88.0.1");
}

TEST_F(PortmapNftTraffic, EachSourceIsSeenAsItShouldBeInIpv6) {
    nftables::add(connection(), {to("10.88.0.2/24"), to("fd00:88::2/64")});
    EXPECT_EQ(seen(outside().netns().netns(), "2001:db8::1"), "2001:db8::2");
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "192.0.2.2");
    EXPECT_EQ(seen(host(), "2001:db8::1"), "2001:db8::1");
    EXPECT_EQ(seen(c1().netns(), "fd00:88::1"), "fd00:88::1");
    EXPECT_EQ(seen(c2().netns(), "fd00:88::1"), "fd00:88::1");
}

TEST_F(PortmapNftTraffic, AllIsMasqueradedWhenAskedFor) {
    Forwarding forwarding = to("10.88.0.2/24");
    forwarding.masq_all = true;
    add(forwarding);
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "10.88.0.1");
    EXPECT_EQ(seen(host(), "192.0.2.1"), "10.88.0.1");
}

TEST_F(PortmapNftTraffic, DatagramsAreForwarded) {
    add(to("10.88.0.2/24"));
    const Exchange e = exchange_udp({.server = c1().netns(),
                                     .address = "10.88.0.2",
                                     .port = container_port,
                                     .client = outside().netns().netns(),
                                     .target_address = "192.0.2.1",
                                     .target_port = host_port});
    EXPECT_TRUE(e.answered) << e.failure;
    EXPECT_EQ(e.peer_address, "192.0.2.2");
}

TEST_F(PortmapNftTraffic, NewestMappingIsReachedAndSurvivesTheOlderOnesRemoval) {
    add(to("10.88.0.2/24"));
    add(to("10.88.0.3/24"));
    EXPECT_TRUE(tcp(outside().netns().netns(), "192.0.2.1", c2(), "10.88.0.3").answered);
    remove(connection(), {"net1", "c1", "eth0"});
    EXPECT_TRUE(tcp(outside().netns().netns(), "192.0.2.1", c2(), "10.88.0.3").answered);
    remove(connection(), {"net1", "c2", "eth0"});
    EXPECT_EQ(tcp(outside().netns().netns(), "192.0.2.1", c2(), "10.88.0.3").failure.empty(),
              false);
}

TEST_F(PortmapNftTraffic, MappingBeatsAStaleRuleOfTheReference) {
    output_of({"nft", "-f", "-"}, R"(
        table ip cni_hostport {
            chain hostports { tcp dport 8080 dnat to 10.88.0.99:80 comment "gone"; }
            chain hostports_all { jump hostports; }
            chain prerouting { type nat hook prerouting priority -100; fib daddr type local jump hostports_all; }
        })");
    add(to("10.88.0.2/24"));
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "192.0.2.2");
}

// CVE-2025-67499
TEST_F(PortmapNftTraffic, PacketsThatAreOnlyForwardedAreLeftAlone) {
    outside().netns().output_of({"ip", "address", "add", "203.0.113.7/32", "dev", "lo"});
    output_of({"ip", "route", "add", "203.0.113.7", "via", "192.0.2.2"});
    outside().netns().output_of({"ip", "route", "add", "10.88.0.0/24", "via", "192.0.2.1"});
    Forwarding forwarding = to("10.88.0.2/24");
    forwarding.mappings.push_back(
        {IPPROTO_TCP, host_port, container_port, Ip::parse("203.0.113.7")});
    add(forwarding);
    const Exchange e = exchange_tcp({.server = outside().netns().netns(),
                                     .address = "203.0.113.7",
                                     .port = host_port,
                                     .client = c2().netns()});
    EXPECT_TRUE(e.answered) << e.failure;
    EXPECT_EQ(e.peer_address, "10.88.0.3");
}

TEST_F(PortmapNftTraffic, OnlyTheAddressOfTheMappingIsForwarded) {
    output_of({"ip", "address", "add", "192.0.2.9/24", "dev", "uplink"});
    Forwarding forwarding = to("10.88.0.2/24");
    for (Mapping& m : forwarding.mappings) m.host_ip = Ip::parse("192.0.2.9");
    add(forwarding);
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.9"), "192.0.2.2");
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "");
}

TEST_F(PortmapNftTraffic, OnlyWhatMeetsTheConditionsIsForwarded) {
    const auto prefix = [](const char* text) { return *Prefix::parse(text); };
    const nft::Side source = nft::Side::source;
    const auto meets = [&](std::vector<Condition> conditions) {
        add(to("10.88.0.2/24", std::move(conditions)));
        return !seen(outside().netns().netns(), "192.0.2.1").empty();
    };
    EXPECT_TRUE(
        meets({AddressCondition{source, {prefix("198.51.100.0/24"), prefix("192.0.2.2/32")}}}));
    EXPECT_FALSE(meets({AddressCondition{source, {prefix("198.51.100.0/24")}}}));
    EXPECT_FALSE(meets(
        {AddressCondition{source, {prefix("198.51.100.0/24"), prefix("192.0.2.2/32")}, true}}));
    EXPECT_TRUE(
        meets({InterfaceCondition{false, {"eth9", "upl*"}}, ProtocolCondition{{IPPROTO_TCP}}}));
    EXPECT_FALSE(meets({InterfaceCondition{false, {"uplink"}}, ProtocolCondition{{IPPROTO_UDP}}}));
    EXPECT_FALSE(meets({InterfaceCondition{false, {"uplink"}, true}}));
    EXPECT_TRUE(meets(
        {AddressTypeCondition{nft::Side::destination, {RTN_LOCAL}}, MarkCondition{7, 0xff, true}}));
    EXPECT_FALSE(meets({MarkCondition{7, 0xff}}));
}

TEST_F(PortmapNftTraffic, MappingWithoutConditionsGetsWhatOneWithThemLeaves) {
    add(to("10.88.0.3/24",
           {AddressCondition{nft::Side::source, {*Prefix::parse("198.51.100.0/24")}}}));
    add(to("10.88.0.2/24"));
    EXPECT_EQ(seen(outside().netns().netns(), "192.0.2.1"), "192.0.2.2");
}

TEST_F(PortmapNftTraffic, GuardKeepsTheHostsLoopbackToItself) {
    // A container that wants to can send to 127.0.0.1 of the host.
    c1().output_of({"ip", "route", "del", "local", "127.0.0.0/8", "dev", "lo", "table", "local"});
    c1().output_of({"ip", "route", "del", "local", "127.0.0.1", "dev", "lo", "table", "local"});
    c1().output_of({"ip", "route", "add", "127.0.0.1", "via", "10.88.0.1", "src", "10.88.0.2"});
    output_of({"nft", "-f", "-"},
              "table ip t { chain input { type filter hook input priority 0; "
              "iifname br0 ip daddr 127.0.0.1 counter; }; }");
    const auto arrived = [&] {
        c1().output_of({"bash", "-c", "echo x > /dev/udp/127.0.0.1/7000"});
        EXPECT_TRUE(test::ping(c1().netns(), "10.88.0.1"));  // behind it
        return output_of({"nft", "list", "chain", "ip", "t", "input"});
    };
    ASSERT_NE(arrived().find("counter packets 1 "), std::string::npos);
    const auto guard = nftables::guard(connection());
    const LinkName link{7, "br0"};
    guard->hold(link);
    EXPECT_NE(arrived().find("counter packets 1 "), std::string::npos);
    guard->release(link);
    EXPECT_NE(arrived().find("counter packets 2 "), std::string::npos);
    guard->hold(link);
    EXPECT_NE(arrived().find("counter packets 2 "), std::string::npos);
    add(to("10.88.0.2/24"));
    EXPECT_EQ(seen(host(), "127.0.0.1"), "10.88.0.1");
}

}  // namespace
}  // namespace cni::portmap::nftables
