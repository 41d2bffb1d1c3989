#include <gtest/gtest.h>

#include "netfilter/spoof_check.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

const std::string c1 = "c1-eth0";
const Mac mac = Mac::parse("2e:49:1f:5e:0e:47").value();

constexpr char host_ifname[] = "vethe289533e";

std::string nft(const std::string& commands) {
    return output_of({"nft", "-f", "-"}, commands);
}

std::string ruleset() {
    return output_of({"nft", "list", "ruleset"});
}

// What `nft list ruleset` shows after the reference plugin's ADD.
constexpr char layout[] = R"(table bridge nat {
	chain PREROUTING {
		type filter hook prerouting priority dstnat; policy accept;
		iifname "vethe289533e" jump cni-br-iface-c1-eth0 comment "macspoofchk-c1-eth0"
	}

	chain cni-br-iface-c1-eth0 {
		jump cni-br-iface-c1-eth0-mac comment "macspoofchk-c1-eth0"
	}

	chain cni-br-iface-c1-eth0-mac {
		ether saddr 2e:49:1f:5e:0e:47 return comment "macspoofchk-c1-eth0"
		drop comment "macspoofchk-c1-eth0"
	}
}
)";

constexpr char empty_layout[] = R"(table bridge nat {
	chain PREROUTING {
		type filter hook prerouting priority dstnat; policy accept;
	}
}
)";

// The reference's two transactions, as far as they matter here.
constexpr char reference_chains[] = R"(
add table bridge nat
add chain bridge nat PREROUTING { type filter hook prerouting priority dstnat ; }
add chain bridge nat cni-br-iface-c1-eth0
add chain bridge nat cni-br-iface-c1-eth0-mac
)";
constexpr char reference_rules[] = R"(
flush chain bridge nat cni-br-iface-c1-eth0
flush chain bridge nat cni-br-iface-c1-eth0-mac
add rule bridge nat PREROUTING iifname "vethe289533e" jump cni-br-iface-c1-eth0 comment "macspoofchk-c1-eth0"
add rule bridge nat cni-br-iface-c1-eth0 jump cni-br-iface-c1-eth0-mac comment "macspoofchk-c1-eth0"
add rule bridge nat cni-br-iface-c1-eth0-mac ether saddr 2e:49:1f:5e:0e:47 return comment "macspoofchk-c1-eth0"
add rule bridge nat cni-br-iface-c1-eth0-mac drop comment "macspoofchk-c1-eth0"
)";

class NftSpoofCheck : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        connection_.emplace();
        if (const auto problem = spoof_check_problem(connection()))
            GTEST_SKIP() << "kernel has no nftables for bridges: " << *problem;
    }
    nft::Connection& connection() { return *connection_; }
    void add_c1() { add_spoof_check(connection(), c1, host_ifname, mac); }

private:
    std::optional<nft::Connection> connection_;
};

TEST_F(NftSpoofCheck, LayoutIsTheReferencePlugins) {
    add_c1();
    EXPECT_EQ(ruleset(), layout);
}

TEST_F(NftSpoofCheck, AddingAgainReplaces) {
    add_spoof_check(connection(), c1, "vethother", Mac{});
    add_c1();
    EXPECT_EQ(ruleset(), layout);
}

TEST_F(NftSpoofCheck, AddingOverTheReferencesDoubledJumpReplaces) {
    nft(reference_chains);
    nft(reference_rules);
    nft(reference_rules);
    add_c1();
    EXPECT_EQ(ruleset(), layout);
}

TEST_F(NftSpoofCheck, RemovalLeavesTheTableAndOthersRules) {
    add_c1();
    nft("insert rule bridge nat PREROUTING counter accept comment \"mine\"; add chain bridge nat "
        "x");
    const std::string before = ruleset();
    add_spoof_check(connection(), "c2-eth0", "veth2", mac);
    EXPECT_TRUE(remove_spoof_check(connection(), "c2-eth0"));
    EXPECT_EQ(ruleset(), before);
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    nft("delete chain bridge nat x; flush chain bridge nat PREROUTING");
    EXPECT_EQ(ruleset(), empty_layout);
}

TEST_F(NftSpoofCheck, RemovalOfNothingIsNoErrorAndMakesNothing) {
    EXPECT_FALSE(remove_spoof_check(connection(), c1));
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftSpoofCheck, RemovalTakesWhatAnInterruptedAddOrDeleteLeft) {
    nft(reference_chains);
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    EXPECT_EQ(ruleset(), empty_layout);
    nft("add chain bridge nat cni-br-iface-c1-eth0-mac");
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    EXPECT_EQ(ruleset(), empty_layout);
}

TEST_F(NftSpoofCheck, RemovalFindsEveryJumpOfTheReference) {
    nft(reference_chains);
    nft(reference_rules);
    EXPECT_NO_THROW(check_spoof_check(connection(), c1, host_ifname, mac));
    nft(reference_rules);
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    EXPECT_EQ(ruleset(), empty_layout);
}

TEST_F(NftSpoofCheck, RemovalFindsASecondJumpAmongThoseOfOthers) {
    add_spoof_check(connection(), "c2-eth0", "veth2", mac);
    const std::string before = ruleset();
    add_c1();
    nft("add rule bridge nat PREROUTING jump cni-br-iface-c1-eth0 comment \"macspoofchk-c1-eth0\"");
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    EXPECT_EQ(ruleset(), before);
}

TEST_F(NftSpoofCheck, AddKeepsThePolicyOfTheChain) {
    nft("add table bridge nat; add chain bridge nat PREROUTING { type filter hook prerouting "
        "priority dstnat ; policy drop ; }");
    add_c1();
    EXPECT_NE(ruleset().find("policy drop"), std::string::npos) << ruleset();
}

TEST_F(NftSpoofCheck, RemovalDoesNotTakeARuleForTheJumpByItsNumber) {
    add_c1();
    // Same distance to the chain, somebody else's rule: the jump is re-made behind it.
    nft("flush chain bridge nat PREROUTING; delete chain bridge nat cni-br-iface-c1-eth0;"
        "delete chain bridge nat cni-br-iface-c1-eth0-mac");
    nft(reference_chains);
    nft("add chain bridge nat x; add chain bridge nat y; add chain bridge nat z;"
        "add rule bridge nat PREROUTING counter comment \"mine\";"
        "add rule bridge nat cni-br-iface-c1-eth0 counter comment \"macspoofchk-c1-eth0\";"
        "add rule bridge nat PREROUTING jump cni-br-iface-c1-eth0 comment \"macspoofchk-c1-eth0\"");
    EXPECT_TRUE(remove_spoof_check(connection(), c1));
    EXPECT_NE(ruleset().find("comment \"mine\""), std::string::npos);
    EXPECT_EQ(ruleset().find("macspoofchk"), std::string::npos);
    EXPECT_EQ(ruleset().find("cni-br-iface"), std::string::npos);
}

TEST_F(NftSpoofCheck, OursIsRemovedTheReferencesWay) {
    add_c1();
    const std::string listed =
        output_of({"nft", "-a", "list", "chain", "bridge", "nat", "PREROUTING"});
    const auto at = listed.find("comment \"macspoofchk-c1-eth0\" # handle ");
    ASSERT_NE(at, std::string::npos) << listed;
    const std::string handle = listed.substr(at + 39, listed.find('\n', at) - at - 39);
    nft(cat("delete rule bridge nat PREROUTING handle ", handle));
    nft("flush chain bridge nat cni-br-iface-c1-eth0; flush chain bridge nat "
        "cni-br-iface-c1-eth0-mac;"
        "delete chain bridge nat cni-br-iface-c1-eth0; delete chain bridge nat "
        "cni-br-iface-c1-eth0-mac");
    EXPECT_EQ(ruleset(), empty_layout);
}

std::string check_error(nft::Connection& connection, const std::string& port, const Mac& wanted) {
    try {
        check_spoof_check(connection, c1, port, wanted);
        return {};
    } catch (const Error& error) {
        return error.msg;
    }
}

TEST_F(NftSpoofCheck, CheckNamesWhatIsMissing) {
    EXPECT_EQ(check_error(connection(), host_ifname, mac),
              "MAC spoof check: the prerouting hook is missing from chain PREROUTING of nftables "
              "table bridge nat");
    add_c1();
    EXPECT_EQ(check_error(connection(), host_ifname, mac), "");
    EXPECT_EQ(check_error(connection(), "veth9", mac),
              "MAC spoof check: the jump for veth9 to cni-br-iface-c1-eth0 is missing from chain "
              "PREROUTING of nftables table bridge nat");
    EXPECT_EQ(check_error(connection(), host_ifname, Mac{}),
              "MAC spoof check: the rule that returns 00:00:00:00:00:00 and drops the rest is "
              "missing from chain cni-br-iface-c1-eth0-mac of nftables table bridge nat");
    nft("flush chain bridge nat cni-br-iface-c1-eth0");
    EXPECT_EQ(check_error(connection(), host_ifname, mac),
              "MAC spoof check: the jump to cni-br-iface-c1-eth0-mac is missing from chain "
              "cni-br-iface-c1-eth0 of nftables table bridge nat");
}

TEST_F(NftSpoofCheck, ListNamesEveryAttachmentAndItsPort) {
    EXPECT_TRUE(list_spoof_checks(connection()).empty());
    add_c1();
    add_spoof_check(connection(), "c2-eth1", "veth2", mac);
    nft("add rule bridge nat PREROUTING counter accept comment \"mine\"");
    const auto listed = list_spoof_checks(connection());
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].reference, c1);
    EXPECT_EQ(listed[0].host_ifname, host_ifname);
    EXPECT_EQ(listed[1].reference, "c2-eth1");
    EXPECT_EQ(listed[1].host_ifname, "veth2");
}

TEST_F(NftSpoofCheck, ContainerIdsOfAnyLengthWork) {
    for (const std::size_t length : {100u, 223u, 233u, 234u, 5000u}) {
        const std::string reference = spoof_reference(std::string(length, 'x'), "eth0");
        add_spoof_check(connection(), reference, host_ifname, mac);
        EXPECT_NO_THROW(check_spoof_check(connection(), reference, host_ifname, mac)) << length;
        EXPECT_TRUE(remove_spoof_check(connection(), reference));
        EXPECT_EQ(ruleset(), empty_layout) << length;
    }
}

TEST_F(NftSpoofCheck, ProbeLeavesNothing) {
    EXPECT_EQ(spoof_check_problem(connection()), std::nullopt);
    EXPECT_EQ(ruleset(), "");
}

TEST_F(NftSpoofCheck, DropsFramesOfAnyOtherMac) {
    const TestNetns a("a"), b("b");
    output_of({"ip", "link", "add", "br0", "up", "type", "bridge"});
    for (const TestNetns* end : {&a, &b}) {
        const std::string port = "port-" + end->name();
        output_of({"ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
                   end->name()});
        output_of({"ip", "link", "set", port, "master", "br0", "up"});
    }
    a.output_of({"ip", "link", "set", "eth0", "address", mac.to_string(), "up"});
    a.output_of({"ip", "address", "add", "10.1.2.2/24", "dev", "eth0"});
    b.output_of({"ip", "link", "set", "eth0", "up"});
    b.output_of({"ip", "address", "add", "10.1.2.3/24", "dev", "eth0"});

    // Without what the ends know of each other's MACs, which would explain a lost answer as well.
    const auto reaches = [&] {
        for (const TestNetns* end : {&a, &b}) end->output_of({"ip", "neighbour", "flush", "all"});
        return ping(a.netns(), "10.1.2.3");
    };
    add_spoof_check(connection(), "a-eth0", "port-a", mac);
    EXPECT_TRUE(reaches());
    a.output_of({"ip", "link", "set", "eth0", "address", "02:00:00:00:00:01"});
    EXPECT_FALSE(reaches());
    remove_spoof_check(connection(), "a-eth0");
    EXPECT_TRUE(reaches());
}

}  // namespace
}  // namespace cni::test
