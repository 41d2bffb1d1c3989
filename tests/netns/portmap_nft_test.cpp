#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "plugins/portmap/nftables/backend.h"
#include "plugins/portmap/nftables/guard.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/thrown.h"
#include "support/traffic.h"

namespace cni::portmap::nftables {
namespace {

using cni::test::Exchange;
using cni::test::output_of;
using cni::test::Outside;
using cni::test::SandboxTest;
using cni::test::TestNetns;
using cni::test::thrown;

const Owner c1{"net1", "c1", "eth0"}, c2{"net1", "c2", "eth0"};

std::string nft(const std::string& commands) {
    return output_of({"nft", "-f", "-"}, commands);
}

std::string ruleset() {
    return output_of({"nft", "list", "ruleset"});
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

Forwarding forwarding(const Owner& owner, const char* address, std::vector<Mapping> mappings) {
    return {.owner = owner,
            .container = Prefix::parse(address).value(),
            .mappings = std::move(mappings),
            .conditions = {}};
}

Mapping tcp(std::uint16_t host_port, std::uint16_t container_port, std::optional<Ip> host_ip = {}) {
    return {IPPROTO_TCP, host_port, container_port, host_ip};
}

class PortmapNft : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) connection_.emplace();
    }
    nft::Connection& connection() { return *connection_; }

private:
    std::optional<nft::Connection> connection_;
};

constexpr char skeleton_of_ip[] = R"(table ip cni_hostport {
	comment "CNI portmap plugin"
	map mappings {
		type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
	}

	map conditional_mappings {
		type ipv4_addr . inet_proto . inet_service : verdict
	}

	map attachments {
		type mark . mark . mark . mark . mark : ipv4_addr . inet_proto . inet_service . ipv4_addr . inet_service
	}

	set masquerade_24 {
		type ipv4_addr . ipv4_addr . inet_proto . inet_service
	}

	set masquerade_32 {
		type ipv4_addr . ipv4_addr . inet_proto . inet_service
	}

	chain ports {
		ip daddr . meta l4proto . th dport vmap @conditional_mappings
		dnat ip to ip daddr . meta l4proto . th dport map @mappings
		ip daddr & 0.0.0.0 . meta l4proto . th dport vmap @conditional_mappings
		dnat ip to ip daddr & 0.0.0.0 . meta l4proto . th dport map @mappings
	}

	chain mapped_masquerade {
		ip saddr & 255.255.255.0 . ip daddr . meta l4proto . th dport @masquerade_24 masquerade
		ip saddr . ip daddr . meta l4proto . th dport @masquerade_32 masquerade
	}

	chain ports_prerouting {
		type nat hook prerouting priority dstnat + 1; policy accept;
		fib daddr type local jump ports
	}

	chain ports_output {
		type nat hook output priority -99; policy accept;
		fib daddr type local jump ports
	}

	chain mapped_postrouting {
		type nat hook postrouting priority srcnat - 1; policy accept;
		ct status dnat jump mapped_masquerade
	}
}
)";

TEST_F(PortmapNft, NothingButTheSharedPartIsLeftAfterRemoval) {
    add(connection(),
        {forwarding(c1, "10.88.0.2/24", {tcp(8080, 80), tcp(8081, 81, Ip::parse("10.1.2.3"))})});
    const Translations wanted{
        {{IPPROTO_TCP, {}, 8080}, *Ip::parse("10.88.0.2"), 80},
        {{IPPROTO_TCP, Ip::parse("10.1.2.3"), 8081}, *Ip::parse("10.88.0.2"), 81}};
    auto removed = remove(connection(), c1);
    std::ranges::sort(removed, {}, [](const Translation& t) { return t.from.port; });
    EXPECT_EQ(removed, wanted);
    EXPECT_EQ(ruleset(), skeleton_of_ip);
    EXPECT_TRUE(remove(connection(), c1).empty());
}

TEST_F(PortmapNft, ListingCanBeLoadedAgain) {
    Forwarding v4 =
        forwarding(c1, "10.88.0.2/24", {tcp(8080, 80), tcp(8081, 81, Ip::parse("10.1.2.3"))});
    Forwarding v6 =
        forwarding(c1, "fd00:88::2/64", {tcp(8080, 80), tcp(8085, 85, Ip::parse("2001:db8::1"))});
    Forwarding masq_all = forwarding(c2, "10.88.0.3/24", {tcp(9080, 80)});
    masq_all.masq_all = true;
    masq_all.conditions = {AddressCondition{nft::Side::source, {*Prefix::parse("192.0.2.0/24")}}};
    add(connection(), {v4, v6});
    add(connection(), {masq_all});
    const auto guard = nftables::guard(connection());
    guard->hold({.index = 7, .name = "cni0"});
    guard->hold({.hashes = owner_hashes(c1), .link = LinkName{8, "veth0"}, .text = owner_text(c1)});
    const std::string listed = ruleset();
    nft(cat("flush ruleset\n", listed));
    EXPECT_EQ(ruleset(), listed);
    check(connection(), {v4, v6});
    check(connection(), {masq_all});
}

TEST_F(PortmapNft, TheNewestAddTakesAMappingOverAndKeepsIt) {
    const Forwarding first = forwarding(c1, "10.88.0.2/24", {tcp(8080, 80), tcp(8081, 80)});
    const Forwarding second = forwarding(c2, "10.88.0.3/24", {tcp(8080, 80)});
    add(connection(), {first});
    add(connection(), {second});
    check(connection(), {second});
    EXPECT_THROW(check(connection(), {first}), Error);
    remove(connection(), c1);
    check(connection(), {second});
    EXPECT_EQ(count(ruleset(), "10.88.0.2"), 0u) << ruleset();
    remove(connection(), c2);
    EXPECT_EQ(ruleset(), skeleton_of_ip);
}

TEST_F(PortmapNft, AddingAgainReplacesWhatTheOwnerHad) {
    add(connection(), {forwarding(c1, "10.88.0.2/24", {tcp(8080, 80), tcp(8081, 80)}),
                       forwarding(c1, "fd00:88::2/64", {tcp(8080, 80)})});
    Forwarding again = forwarding(c1, "10.88.0.7/24", {tcp(8080, 80)});
    again.conditions = {MarkCondition{1, 1}};
    add(connection(), {again});
    add(connection(), {again});
    check(connection(), {again});
    EXPECT_EQ(count(ruleset(), "10.88.0.2"), 0u) << ruleset();
    remove(connection(), c1);
    EXPECT_EQ(ruleset().find("88"), std::string::npos) << ruleset();
}

TEST_F(PortmapNft, RulesOfTheReferencePluginAreRemoved) {
    nft(R"(table ip cni_hostport {
        chain hostports {
            tcp dport 8080 dnat to 10.88.0.2:80 comment "c1"
            ip daddr 10.1.2.3 udp dport 53 dnat to 10.88.0.2:5353 comment "c1"
            tcp dport 9080 dnat to 10.88.0.3:80 comment "c2"
        }
        chain hostip_hostports { }
        chain masquerading { ip saddr 127.0.0.1 ip daddr 10.88.0.2 masquerade comment "c1"; }
    }
    table ip6 cni_hostport {
        chain hostports { tcp dport 8080 dnat to [fd00:88::2]:80 comment "c1"; }
    })");
    add(connection(), {forwarding(c1, "10.88.0.2/24", {tcp(8081, 80)})});
    const Ip v4 = *Ip::parse("10.88.0.2"), v6 = *Ip::parse("fd00:88::2");
    EXPECT_EQ(remove(connection(), c1),
              (Translations{{{IPPROTO_TCP, {}, 8081}, v4, 80},
                            {{IPPROTO_TCP, {}, 8080}, v4, 80},
                            {{IPPROTO_UDP, Ip::parse("10.1.2.3"), 53}, v4, 5353},
                            {{IPPROTO_TCP, {}, 8080}, v6, 80}}));
    EXPECT_EQ(count(ruleset(), "comment \"c1\""), 0u) << ruleset();
    EXPECT_EQ(count(ruleset(), "comment \"c2\""), 1u);
}

/// The key of the first element of `attachments`.
std::string key_of(const Owner& owner) {
    std::string digits = owner_hashes(owner);
    std::erase(digits, '-');
    std::string out;
    for (std::size_t at = 0; at < 32; at += 8) out += cat("0x", digits.substr(at, 8), " . ");
    return out + "0x0";
}

// What only has the name of an attachment is not its own.
TEST_F(PortmapNft, ElementsOfAnotherUnderTheSameHashAreLeftAlone) {
    add(connection(), {forwarding(c2, "10.88.0.3/24", {tcp(8080, 80)})});
    nft(cat("add element ip cni_hostport attachments { ", key_of(c1),
            " comment \"10.88.0.0/24; net: net1, if: eth0, id: c2\" : "
            "0.0.0.0 . tcp . 8080 . 10.88.0.3 . 80 }"));
    const std::string before = ruleset();
    EXPECT_TRUE(remove(connection(), c1).empty());
    const Error error =
        thrown([&] { add(connection(), {forwarding(c1, "10.88.0.2/24", {tcp(9090, 80)})}); });
    EXPECT_NE(error.msg.find("holds those of another under its hash"), error.msg.npos) << error.msg;
    EXPECT_TRUE(gc(connection(), "net2", {}).empty());
    EXPECT_EQ(ruleset(), before);
}

TEST_F(PortmapNft, LongNamesAreProvedByADigest) {
    const std::string long_id(200, 'x');
    const Owner owner{"net1", long_id, "eth0"};
    const Forwarding wanted = forwarding(owner, "10.88.0.2/24", {tcp(8080, 80)});
    add(connection(), {wanted});
    check(connection(), {wanted});
    const std::string listed = ruleset();
    nft(cat("flush ruleset\n", listed));
    add(connection(), {wanted});
    check(connection(), {wanted});
    EXPECT_EQ(gc(connection(), "net1", {}).size(), 1u);
    add(connection(), {wanted});
    EXPECT_EQ(remove(connection(), owner).size(), 1u);
    EXPECT_EQ(ruleset(), skeleton_of_ip);
}

// In whose layout packets came here ahead of all others.
TEST_F(PortmapNft, WhatThePreviousVersionMadeIsKeptAndRemoved) {
    std::string previous = skeleton_of_ip;
    const auto replace = [&](const std::string& what, const std::string& with) {
        for (auto at = previous.find(what); at != previous.npos; at = previous.find(what))
            previous.replace(at, what.size(), with);
    };
    replace("ports_", "mapped_");
    replace("chain ports ", "chain mapped ");
    replace("jump ports\n", "jump mapped\n");
    replace("dstnat + 1", "dstnat - 1");
    replace("priority -99", "priority -101");
    const std::string hashes = owner_hashes(c1);
    nft(cat(previous, "add element ip cni_hostport mappings { 0.0.0.0 . tcp . 8080 comment \"",
            hashes, "\" : 10.88.0.2 . 80 }\n",
            "add element ip cni_hostport masquerade_24 { 10.88.0.0 . 10.88.0.2 . tcp . 80 comment "
            "\"",
            hashes, "\" }\nadd element ip cni_hostport attachments { ", key_of(c1),
            " comment \"10.88.0.0/24 127.0.0.1/32; net: net1, if: eth0, id: c1\" : "
            "0.0.0.0 . tcp . 8080 . 10.88.0.2 . 80 }"));
    const Forwarding other = forwarding(c2, "10.88.0.3/24", {tcp(9080, 80)});
    add(connection(), {other});
    check(connection(), {other});
    EXPECT_EQ(count(ruleset(), "chain mapped "), 0u) << ruleset();
    EXPECT_EQ(count(ruleset(), "10.88.0.2 . 80"), 2u) << ruleset();
    // Another network of the same container waits.
    const Forwarding sibling = forwarding({"net2", "c1", "eth1"}, "10.89.0.2/24", {tcp(8080, 80)});
    EXPECT_EQ(add(connection(), {sibling}).size(), 1u);
    EXPECT_EQ(remove(connection(), c1).size(), 1u);
    EXPECT_EQ(count(ruleset(), "10.88.0.2"), 0u) << ruleset();
    check(connection(), {sibling});
    remove(connection(), {"net2", "c1", "eth1"});
    remove(connection(), c2);
    EXPECT_EQ(count(ruleset(), "10.8"), 0u) << ruleset();
}

TEST_F(PortmapNft, GcKeepsValidAttachmentsAndOtherNetworks) {
    int port = 8000;
    for (const char* id : {"c1", "c2", "c3"})
        for (const char* network : {"net1", "net2"})
            add(connection(), {forwarding({network, id, "eth0"}, "10.88.0.2/24",
                                          {tcp(static_cast<std::uint16_t>(++port), 80)})});
    const auto removed = gc(connection(), "net1", {{"net1", "c2", "eth0"}, {"net1", "c3", "eth9"}});
    EXPECT_EQ(removed.size(), 2u);
    EXPECT_EQ(count(ruleset(), "net: net1"), 1u) << ruleset();
    EXPECT_EQ(count(ruleset(), "net: net1, if: eth0, id: c2"), 1u);
    EXPECT_EQ(count(ruleset(), "net: net2"), 3u);
}

TEST_F(PortmapNft, AddRepairsWhatOthersFlushedOrDeleted) {
    const Forwarding wanted = forwarding(c1, "10.88.0.2/24", {tcp(8080, 80)});
    for (const char* damage :
         {"flush table ip cni_hostport", "flush chain ip cni_hostport ports",
          "flush chain ip cni_hostport mapped_masquerade",
          "flush chain ip cni_hostport ports_output; delete chain ip cni_hostport ports_output",
          "delete table ip cni_hostport", "flush ruleset"}) {
        add(connection(), {forwarding(c2, "10.88.0.3/24", {tcp(9080, 80)})});
        nft(damage);
        add(connection(), {wanted});
        EXPECT_NO_THROW(check(connection(), {wanted})) << damage;
        remove(connection(), c1);
        remove(connection(), c2);
        EXPECT_EQ(count(ruleset(), "10.88.0"), 0u) << damage << ruleset();
    }
}

TEST_F(PortmapNft, AddMakesTheMapOfAttachmentsAgain) {
    const Forwarding wanted = forwarding(c1, "10.88.0.2/24", {tcp(8080, 80)});
    add(connection(), {wanted});
    nft("delete map ip cni_hostport attachments");
    add(connection(), {wanted});
    EXPECT_NO_THROW(check(connection(), {wanted}));
    remove(connection(), c1);
    EXPECT_EQ(count(ruleset(), "10.88.0"), 0u) << ruleset();
}

TEST_F(PortmapNft, CheckNamesWhatIsMissing) {
    const Forwarding wanted = forwarding(c1, "10.88.0.2/24", {tcp(8080, 80)});
    for (const auto& [damage, named] : std::map<std::string, std::string>{
             {"delete element ip cni_hostport mappings { 0.0.0.0 . tcp . 8080 }",
              "an element of mappings"},
             {"delete element ip cni_hostport masquerade_24 { 10.88.0.0 . 10.88.0.2 . tcp . 80 }",
              "an element of masquerade_24"},
             {"flush map ip cni_hostport attachments", "an element of attachments"},
             {"delete map ip cni_hostport attachments", "map attachments"},
             {"flush chain ip cni_hostport ports_prerouting", "chain ports_prerouting"},
             {"flush chain ip cni_hostport mapped_masquerade", "chain mapped_masquerade"}}) {
        add(connection(), {wanted});
        check(connection(), {wanted});
        nft(damage);
        const std::string message = thrown([&] { check(connection(), {wanted}); }).msg;
        EXPECT_EQ(message, cat("port mappings of container \"c1\" interface eth0: ", named,
                               " is missing or differs in nftables table ip cni_hostport"));
        nft("delete table ip cni_hostport");
    }
}

TEST_F(PortmapNft, ProbeFindsNoProblemAndLeavesNothing) {
    EXPECT_EQ(problem(connection()), std::nullopt);
    EXPECT_TRUE(remove(connection(), c1).empty());
    EXPECT_TRUE(gc(connection(), "net1", {}).empty());
    EXPECT_EQ(ruleset(), "");
}

TEST_F(PortmapNft, ThousandsOfMappingsAreOneCommit) {
    Forwarding many = forwarding(c1, "10.88.0.2/24", {});
    for (int port = 1; port <= 5000; ++port)
        many.mappings.push_back(tcp(static_cast<std::uint16_t>(port), 80));
    add(connection(), {many});
    check(connection(), {many});
    add(connection(), {many});
    EXPECT_EQ(remove(connection(), c1).size(), 5000u);
    EXPECT_EQ(ruleset(), skeleton_of_ip);
}

}  // namespace
}  // namespace cni::portmap::nftables
