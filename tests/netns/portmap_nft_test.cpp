#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/portmap/nft_backend.h"
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

	set masquerade_24 {
		type ipv4_addr . ipv4_addr . inet_proto . inet_service
	}

	set masquerade_32 {
		type ipv4_addr . ipv4_addr . inet_proto . inet_service
	}

	chain mapped {
		ip daddr . meta l4proto . th dport vmap @conditional_mappings
		ip daddr & 0.0.0.0 . meta l4proto . th dport vmap @conditional_mappings
		dnat ip to ip daddr . meta l4proto . th dport map @mappings
		dnat ip to ip daddr & 0.0.0.0 . meta l4proto . th dport map @mappings
	}

	chain mapped_masquerade {
		ip saddr & 255.255.255.0 . ip daddr . meta l4proto . th dport @masquerade_24 masquerade
		ip saddr . ip daddr . meta l4proto . th dport @masquerade_32 masquerade
	}

	chain mapped_prerouting {
		type nat hook prerouting priority dstnat - 1; policy accept;
		fib daddr type local jump mapped
	}

	chain mapped_output {
		type nat hook output priority -101; policy accept;
		fib daddr type local jump mapped
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
    const std::vector<Forwarded> wanted{
        {IPPROTO_TCP, {}, 8080, *Ip::parse("10.88.0.2"), 80},
        {IPPROTO_TCP, Ip::parse("10.1.2.3"), 8081, *Ip::parse("10.88.0.2"), 81}};
    auto removed = remove(connection(), c1);
    std::ranges::sort(removed, {}, &Forwarded::host_port);
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
    guard_localnet(connection(), "cni0");
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

}  // namespace
}  // namespace cni::portmap::nftables
