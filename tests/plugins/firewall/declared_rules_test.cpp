// What `ingress` and `egress` let through: by real packets, in both families.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <memory>

#include "admission_fixture.h"
#include "net/ip.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

using Marks = std::set<std::uint32_t>;

/// Behind ptp everywhere; behind bridge it takes a kernel that tracks connections on bridges.
class FirewallRules : public AdmissionTest {
protected:
    void SetUp() override {
        AdmissionTest::SetUp();
        if (!IsSkipped() && GetParam() == Cable::bridge && !tracks_on_bridges())
            GTEST_SKIP() << "the kernel tracks no connections on bridges";
    }

    json world_cidrs() const {
        return {world_address('4') + "/32", cat(world_address('6'), "/128")};
    }
    static json allow(const json& cidrs, const std::string& protocol, const json& ports) {
        return {{"cidrs", cidrs}, {"protocol", protocol}, {"ports", ports}};
    }
    static RawPacket packet(std::uint8_t protocol, const std::string& source,
                            const std::string& destination, int port, int source_port = 4000) {
        return {.protocol = protocol,
                .source = source,
                .destination = destination,
                .source_port = source_port,
                .port = port};
    }
    static std::string other_address(char family) {
        return family == '4' ? "192.0.2.77" : "2001:db8::77";
    }
};

class FirewallRulesOnBridges : public AdmissionTest {};

INSTANTIATE_TEST_SUITE_P(, FirewallRulesOnBridges, ::testing::Values(Cable::bridge), name_of);

TEST_P(FirewallRulesOnBridges, SaysWhatTheKernelLacks) {
    if (tracks_on_bridges()) GTEST_SKIP() << "the kernel tracks connections on bridges";
    const Box c1("c1");
    const json keys = {{"egress", json::array()}};
    const PluginRun run = firewall("ADD", c1, keys);
    EXPECT_FALSE(run.ok());
    EXPECT_THAT(run.out, HasSubstr("nf_conntrack_bridge"));
    EXPECT_EQ(rules(), "");
    const PluginRun status = call("STATUS", {.container_id = {}, .netns = {}, .ifname = {}},
                                  {{"cniVersion", "1.1.0"},
                                   {"name", "net1"},
                                   {"type", "firewall"},
                                   {"backend", "nftables"},
                                   {"egress", json::array()}});
    EXPECT_TRUE(status.ok()) << "behind ptp it works";
    EXPECT_THAT(status.err, HasSubstr("rules for containers on bridges are not to be had: "));
    EXPECT_EQ(rules(), "");
}

INSTANTIATE_TEST_SUITE_P(, FirewallRules, ::testing::Values(Cable::ptp), name_of);
INSTANTIATE_TEST_SUITE_P(Vm, FirewallRules, ::testing::Values(Cable::bridge), name_of);

TEST_P(FirewallRules, EgressLetsOutWhatIsDeclared) {
    const Box c1("c1");
    const json keys = {{"egress",
                        {allow(world_cidrs(), "tcp", {80, "9000-9010"}),
                         allow({"10.99.0.0/16", "fd00:99::/32"}, "udp", {53})}}};
    admit(c1, keys);
    EXPECT_EQ(fault(c1, keys), "");
    for (const char family : both) {
        const std::string own = c1.address(family), there = world_address(family);
        const auto tcp_to = [&](int port) { return packet(IPPROTO_TCP, own, there, port); };
        EXPECT_EQ(arrived(to_world(c1), {tcp_to(80), tcp_to(81), tcp_to(8999), tcp_to(9000),
                                         tcp_to(9005), tcp_to(9010), tcp_to(9011), tcp_to(80)}),
                  (Marks{1, 4, 5, 6}))
            << family << rules();
        // Of another protocol, or to nobody it may talk with: the last one is from somebody else.
        EXPECT_TRUE(is_cut_off(c1.netns, there)) << family;
        EXPECT_TRUE(tcp(c1.netns.netns(), world().netns(), there, 80)) << family;
        // Nothing is said of what comes in, nor of the answers to that.
        EXPECT_TRUE(udp(world().netns(), c1.netns.netns(), own)) << family;
    }
    dismiss(c1);
    EXPECT_EQ(count(c1.door()), 0u) << rules();
    EXPECT_EQ(count("c1"), 0u) << rules();
    for (const char family : both)
        EXPECT_TRUE(udp(c1.netns.netns(), world().netns(), world_address(family))) << family;
}

TEST_P(FirewallRules, IngressLetsInWhatIsDeclared) {
    const Box c1("c1");
    const json keys = {{"ingress", {allow(world_cidrs(), "udp", {53, "9000-9010"})}}};
    admit(c1, keys);
    EXPECT_EQ(fault(c1, keys), "");
    for (const char family : both) {
        const std::string own = c1.address(family), there = world_address(family);
        const auto udp_from = [&](const std::string& source, int port) {
            return packet(IPPROTO_UDP, source, own, port);
        };
        EXPECT_EQ(arrived(from_world(c1),
                          {udp_from(there, 53), udp_from(there, 54),
                           udp_from(other_address(family), 53), udp_from(there, 9000),
                           udp_from(there, 9011), udp_from(there, 9010), udp_from(there, 53)}),
                  (Marks{1, 4, 6}))
            << family << rules();
        EXPECT_TRUE(is_cut_off(world(), own)) << family;
        EXPECT_TRUE(udp(world().netns(), c1.netns.netns(), own, 53)) << family;
        EXPECT_TRUE(tcp(c1.netns.netns(), world().netns(), there)) << family;
    }
}

TEST_P(FirewallRules, AnEmptyListLetsNothingThroughButAnswers) {
    const Box in("c1"), out("c2");
    admit(in, {{"egress", json::array()}});
    admit(out, {{"ingress", json::array()}});
    for (const char family : both) {
        EXPECT_TRUE(is_cut_off(in.netns, world_address(family))) << family;
        EXPECT_TRUE(tcp(world().netns(), in.netns.netns(), in.address(family))) << family;
        EXPECT_TRUE(is_cut_off(world(), out.address(family))) << family;
        EXPECT_TRUE(tcp(out.netns.netns(), world().netns(), world_address(family))) << family;
    }
}

// On one bridge as well as from one pair to another: both have a say.
TEST_P(FirewallRules, HoldBetweenContainers) {
    const Box client("c1"), server("c2"), free("c3");
    admit(client,
          {{"egress", {allow({server.address('4') + "/32", "fd00:1:2::/64"}, "tcp", {80})}}});
    admit(server,
          {{"ingress", {allow({client.address('4') + "/32", "fd00:1:2::/64"}, "tcp", {80, 81})}}});
    for (const char family : both) {
        const std::string there = server.address(family);
        EXPECT_TRUE(tcp(client.netns.netns(), server.netns.netns(), there, 80))
            << family << rules();
        EXPECT_FALSE(tcp(client.netns.netns(), server.netns.netns(), there, 81)) << family;
        EXPECT_TRUE(is_cut_off(client.netns, there)) << family;
        EXPECT_TRUE(is_cut_off(free.netns, there)) << family;
        EXPECT_FALSE(is_cut_off(server.netns, client.address(family))) << family;
        EXPECT_TRUE(is_cut_off(client.netns, free.address(family))) << family;
    }
    EXPECT_FALSE(tcp(free.netns.netns(), server.netns.netns(), server.address('4'), 80));
    EXPECT_TRUE(tcp(free.netns.netns(), server.netns.netns(), server.address('6'), 81));
}

TEST_P(FirewallRules, IcmpIsAProtocolOfBothFamilies) {
    const Box c1("c1");
    admit(c1, {{"egress", {{{"protocol", "icmp"}}}}, {"ingress", {{{"protocol", "icmp"}}}}});
    for (const char family : both) {
        EXPECT_FALSE(is_cut_off(c1.netns, world_address(family))) << family << rules();
        EXPECT_FALSE(is_cut_off(world(), c1.address(family))) << family;
        EXPECT_FALSE(tcp(world().netns(), c1.netns.netns(), c1.address(family))) << family;
    }
}

// "port unreachable" answers what was let in.
TEST_P(FirewallRules, ErrorsOfWhatWasLetThroughPass) {
    const Box c1("c1");
    admit(c1, {{"egress", json::array()}, {"ingress", {{{"protocol", "udp"}}}}});
    for (const char family : both) {
        const Fd socket = world().run([&] {
            const int domain = family == '4' ? AF_INET : AF_INET6;
            return Fd(checked(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        });
        sockaddr_storage to{};
        to.ss_family = family == '4' ? AF_INET : AF_INET6;
        reinterpret_cast<sockaddr_in*>(&to)->sin_port = htons(7);
        const Ip ip = Ip::parse(c1.address(family)).value();
        if (family == '4')
            std::memcpy(&reinterpret_cast<sockaddr_in*>(&to)->sin_addr, ip.data(), ip.size());
        else
            std::memcpy(&reinterpret_cast<sockaddr_in6*>(&to)->sin6_addr, ip.data(), ip.size());
        const socklen_t size = family == '4' ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        const timeval limit{.tv_sec = 3, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        checked(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), size), "connect");
        checked(::send(socket.get(), "x", 1, 0), "send");
        char buffer[1];
        EXPECT_EQ(::recv(socket.get(), buffer, 1, 0), -1) << family;
        EXPECT_EQ(errno, ECONNREFUSED) << family << rules();
    }
}

TEST_P(FirewallRules, TheHostComesInUnlessToldOtherwise) {
    const Box c1("c1");
    const json closed = {{"ingress", json::array()}};
    const json strict = {{"ingress", json::array()}, {"ingressFromHost", false}};
    admit(c1, closed);
    const Netns host = Netns::current();
    for (const char family : both) {
        EXPECT_TRUE(tcp(host, c1.netns.netns(), c1.address(family))) << family << rules();
        EXPECT_TRUE(udp(host, c1.netns.netns(), c1.address(family))) << family;
    }
    admit(c1, strict);
    EXPECT_EQ(fault(c1, strict), "");
    EXPECT_THAT(fault(c1, closed), HasSubstr("chain ingress-"));
    for (const char family : both)
        EXPECT_FALSE(tcp(host, c1.netns.netns(), c1.address(family))) << family;
}

TEST_P(FirewallRules, TheHostIsADestinationLikeOthers) {
    const Box c1("c1");
    const Netns host = Netns::current();
    admit(c1, {{"egress", {allow({host_address('4') + "/32"}, "udp", {53})}}});
    EXPECT_TRUE(udp(c1.netns.netns(), host, host_address('4'), 53)) << rules();
    EXPECT_FALSE(udp(c1.netns.netns(), host, host_address('4'), 54));
    EXPECT_TRUE(is_cut_off(c1.netns, "fd00:1:2::1"));
}

TEST_P(FirewallRules, WhateverAContainerWritesIntoItsPackets) {
    const Box c1("c1"), c2("c2");
    admit(c1, {{"egress", {allow(world_cidrs(), "udp", {53})}}});
    for (const char family : both) {
        // The other one may send what it likes, from the address that this one takes, and has a
        // connection to the world.
        const Exchange known = exchange_udp({.server = world().netns(),
                                             .address = world_address(family),
                                             .client = c2.netns.netns()});
        EXPECT_TRUE(known.answered) << known.failure;
        std::vector<RawPacket> packets{
            packet(IPPROTO_UDP, c2.address(family), world_address(family), 54),
            packet(IPPROTO_UDP, c2.address(family), world_address(family), 8080, known.peer_port),
            packet(IPPROTO_UDP, c1.address(family), world_address(family), 53)};
        EXPECT_EQ(arrived(to_world(c1), packets), Marks{}) << family << rules();
    }
}

TEST_P(FirewallRules, SourcesAreThoseOfTheFirstPacket) {
    const Box c1("c1");
    // The host rewrites what comes from the world to an address of its own.
    nft("add table inet host; add chain inet host post { type nat hook postrouting priority 100; };"
        "add rule inet host post iifname uplink masquerade");
    admit(c1, {{"ingress",
                {allow({"10.1.2.1/32", "fd00:1:2::1/128"}, "tcp", {80}),
                 allow(world_cidrs(), "tcp", {81})}}});
    for (const char family : both) {
        EXPECT_FALSE(tcp(world().netns(), c1.netns.netns(), c1.address(family), 80)) << family;
        EXPECT_TRUE(tcp(world().netns(), c1.netns.netns(), c1.address(family), 81)) << family;
    }
}

TEST_P(FirewallRules, AnotherAddReplacesThem) {
    const Box c1("c1");
    admit(c1, {{"egress", json::array()}, {"gate", true}});
    const json keys = {{"ingress", json::array()}};
    admit(c1, keys);
    EXPECT_EQ(fault(c1, keys), "");
    EXPECT_EQ(count("egress-"), 0u) << rules();
    EXPECT_EQ(count("elements = { 10.1.2.2"), 0u) << rules();
    const std::string once = rules();
    admit(c1, keys);
    EXPECT_EQ(rules(), once);
    admit(c1, json::object());
    EXPECT_EQ(fault(c1, json::object()), "");
    EXPECT_NE(fault(c1, keys), "");
    EXPECT_EQ(count(c1.door()), 0u) << rules();
}

TEST_P(FirewallRules, LiveWithoutAddresses) {
    const Box c1("c1");
    json result = c1.result;
    result["ips"] = json::array();
    const json keys = {{"egress", json::array()}, {"prevResult", result}};
    ASSERT_TRUE(firewall("ADD", c1, keys).ok());
    EXPECT_EQ(fault(c1, keys), "");
    EXPECT_TRUE(is_cut_off(c1.netns, world_address('4')));
}

TEST_P(FirewallRules, CheckNamesWhatIsMissingAndAddRepairsIt) {
    const Box c1("c1");
    const json keys = {
        {"egress", {{{"protocol", "udp"}}}}, {"ingress", json::array()}, {"gate", true}};
    admit(c1, keys);
    struct Case {
        std::string damage, expected;
    };
    const std::string egress = "egress-a5855bd82c6a57c4-f4d01f2ef4b92245";
    for (const auto& [damage, expected] : std::vector<Case>{
             {cat("flush chain ", table(), " from_containers"),
              cat("firewall: chain from_containers of nftables table ", table())},
             {cat("flush chain ", table(), " neighbours_to"),
              cat("firewall: chain neighbours_to of nftables table ", table())},
             {cat("flush chain ", table(), " ", egress),
              cat("firewall: chain ", egress, " of nftables table ", table())},
             {cat("flush map ", table(), " egress"),
              cat("firewall: the element of ", c1.door(), " of map egress of nftables table ")},
             {cat("flush map ", table(), " ingress"),
              cat("firewall: the element of ", c1.door(), " of map ingress of nftables table ")},
             {cat("flush map ", table(), " admissions"),
              "firewall: the attachment's element of map admissions of nftables table "},
             {cat("flush set ", table(), " gated_v6"),
              "firewall: fd00:1:2::2 of set gated_v6 of nftables table "},
             {cat("delete table ", table()), "is missing or differs"},
             {"flush ruleset", "is missing or differs"}}) {
        nft(damage);
        const std::string before = rules();
        EXPECT_THAT(fault(c1, keys), HasSubstr(expected)) << damage;
        EXPECT_EQ(rules(), before) << "CHECK changes nothing";
        admit(c1, keys);
        EXPECT_EQ(fault(c1, keys), "") << damage;
    }
    dismiss(c1);
    EXPECT_EQ(count(c1.door()), 0u) << rules();
}

TEST_P(FirewallRules, TheTablesAreListedByNft) {
    const Box c1("c1");
    const json keys = {
        {"egress",
         {allow({"10.0.0.0/8", "10.1.0.0/17", "fd00::/9", "0.0.0.0/0"}, "tcp", {80, "90-99"}),
          {{"protocol", "icmp"}},
          {{"cidrs", {"192.0.2.9/32"}}}}},
        {"ingress",
         {allow({"10.0.0.0/8", "10.1.0.0/17", "fd00::/9", "::/0"}, "sctp", {80}),
          {{"protocol", "udp"}}}}};
    admit(c1, keys);
    EXPECT_THAT(rules(), HasSubstr("ip daddr 10.0.0.0/8 tcp dport 80 accept"));
    EXPECT_THAT(rules(), HasSubstr("ip daddr 10.1.0.0/17 tcp dport 90-99 accept"));
    EXPECT_THAT(rules(), HasSubstr("ct original ip saddr 10.0.0.0/8 sctp dport 80 accept"));
    EXPECT_THAT(rules(), HasSubstr("ct original ip6 saddr fd00::/9 sctp dport 80 accept"));
    EXPECT_THAT(rules(), HasSubstr(cat("\"", c1.door(), "\" comment \"")));
    const std::string saved = output_of({"nft", "list", "ruleset"});
    output_of({"nft", "flush", "ruleset"});
    output_of({"nft", "-f", "-"}, saved);
    EXPECT_EQ(fault(c1, keys), "");
}

TEST_P(FirewallRules, CostTheSameWhateverElseIsThere) {
    const Box c1("c1");
    const json keys = {{"egress", {{{"protocol", "udp"}}}}};
    admit(c1, keys);
    const std::string base = rules();
    std::vector<std::unique_ptr<Box>> more;
    for (int i = 0; i < 5; ++i) {
        more.push_back(std::make_unique<Box>("m" + std::to_string(i)));
        admit(*more.back(), keys);
    }
    // What every packet passes is one look-up for each direction.
    const std::string chain =
        output_of({"nft", "list", "chain", GetParam() == Cable::ptp ? "inet" : "bridge",
                   "cni_firewall", "from_containers"});
    EXPECT_THAT(chain, HasSubstr("\t\tiifname vmap @egress\n\t}"));
    for (const auto& box : more) dismiss(*box);
    EXPECT_EQ(rules(), base);
}

TEST_P(FirewallRules, ManyAreTaken) {
    const Box c1("c1");
    json ports = json::array();
    for (int port = 1; port <= 1000; ++port) ports.push_back(port);
    const json keys = {{"egress", {{{"protocol", "udp"}, {"ports", ports}}}}};
    admit(c1, keys);
    EXPECT_EQ(fault(c1, keys), "");
    EXPECT_EQ(
        arrived(to_world(c1), {packet(IPPROTO_UDP, c1.address('4'), world_address('4'), 1001),
                               packet(IPPROTO_UDP, c1.address('4'), world_address('4'), 1000)}),
        Marks{});
    dismiss(c1);
    EXPECT_EQ(count(c1.door()), 0u);
}

TEST_P(FirewallRules, LateDelLeavesWhoGotTheInterface) {
    const Box gone("c1"), other("c2");
    const json keys = {{"egress", json::array()}};
    admit(gone, keys);
    const PluginRun added = call("ADD", args(other.netns), config(gone, keys));
    ASSERT_TRUE(added.ok()) << added.report();
    dismiss(gone);
    EXPECT_TRUE(call("CHECK", args(other.netns), config(gone, keys)).ok()) << rules();
    EXPECT_TRUE(is_cut_off(gone.netns, world_address('4')));
    EXPECT_TRUE(call("DEL", args(other.netns), config(gone, keys)).ok());
    EXPECT_EQ(count(gone.door()), 0u) << rules();
}

TEST_P(FirewallRules, HashesOfSomebodyElseAreLeft) {
    const Box c1("c1");
    const json keys = {{"egress", json::array()}};
    admit(c1, keys);
    const std::string listed = output_of({"nft", cat("list map ", table(), " admissions")});
    const auto begin = listed.find("0x");
    const std::string key = listed.substr(begin, listed.find(" comment") - begin);
    const auto colon = listed.find("\" : ") + 4;
    nft(cat("flush map ", table(), " admissions; add element ", table(), " admissions { ", key,
            " comment \"somebody\" : ", listed.substr(colon, listed.find('}', colon) - colon),
            " }"));
    dismiss(c1);
    EXPECT_EQ(count("\"somebody\""), 1u) << rules();
    const PluginRun run = firewall("ADD", c1, keys);
    EXPECT_EQ(run.error_message(), "another attachment has the same hashes in nftables");
    EXPECT_EQ(count("\"somebody\""), 1u) << rules();
}

TEST_P(FirewallRules, NeedAnInterfaceOfTheHost) {
    const Box c1("c1");
    const auto refused = [&](const json& interfaces) {
        json result = c1.result;
        result["interfaces"] = interfaces;
        for (json& ip : result["ips"]) ip.erase("interface");
        const PluginRun run =
            firewall("ADD", c1, {{"egress", json::array()}, {"prevResult", result}});
        EXPECT_EQ(run.error_code(), 7) << run.report();
        EXPECT_EQ(rules(), "");
        return run.error_message();
    };
    const std::string nothing =
        "prevResult names no interface of the host that leads to the container";
    EXPECT_EQ(refused(json::array()), nothing);
    EXPECT_EQ(refused({{{"name", "eth0"}, {"sandbox", c1.netns.path()}}}), nothing);
    EXPECT_EQ(refused({{{"name", "gone"}}}), nothing);
    EXPECT_EQ(refused({{{"name", ""}}}), nothing);
    EXPECT_EQ(refused({{{"name", "a-name-of-16-byt"}}}), nothing);
}

TEST_P(FirewallRules, OfTheRuntimeReplaceThoseOfTheConfiguration) {
    const Box c1("c1");
    const json keys = {{"egress", {{{"protocol", "tcp"}}}},
                       {"runtimeConfig", {{"egress", {{{"protocol", "udp"}}}}}}};
    admit(c1, keys);
    EXPECT_EQ(fault(c1, keys), "");
    EXPECT_TRUE(udp(c1.netns.netns(), world().netns(), world_address('4'))) << rules();
    EXPECT_FALSE(tcp(c1.netns.netns(), world().netns(), world_address('4')));
}

}  // namespace
}  // namespace cni::test
