#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "netfilter/masquerade.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

const Owner net1_c1{"net1", "c1", "eth0"};

std::vector<Prefix> addresses(std::initializer_list<const char*> texts) {
    std::vector<Prefix> out;
    for (const char* text : texts) out.push_back(Prefix::parse(text).value());
    return out;
}

const std::vector<Prefix> both = addresses({"10.1.2.2/24", "fd00:1::2/64"});

std::string nft(const std::string& commands) {
    return output_of({"nft", "-f", "-"}, commands);
}

std::string whole_ruleset() {
    return output_of({"nft", "list", "ruleset"});
}

// Without the set of ours beside the reference plugins' layout.
std::string ruleset() {
    std::string shown = whole_ruleset();
    const auto begin = shown.find("\tset attachments {\n");
    constexpr std::string_view end = "\t}\n\n";
    if (begin != shown.npos) shown.erase(begin, shown.find(end, begin) + end.size() - begin);
    return shown;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

// What `nft list ruleset` shows after the reference plugin's ADD.
std::string table_with(const std::string& checks) {
    return R"(table inet cni_plugins_masquerade {
	comment "Masquerading for plugins from github.com/containernetworking/plugins"
	chain masq_checks {
		comment "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet"
)" + checks +
           R"(	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip daddr 224.0.0.0/4 return
		ip6 daddr ff00::/8 return
		goto masq_checks
	}
}
)";
}

constexpr char net1_c1_rules[] =
    R"(		ip saddr 10.1.2.2 ip daddr != 10.1.2.0/24 masquerade comment "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1"
		ip6 saddr fd00:1::2 ip6 daddr != fd00:1::/64 masquerade comment "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1"
)";

// What the reference plugin feeds to `nft -f -`.
constexpr char reference_add[] = R"(
add table inet cni_plugins_masquerade { comment "Masquerading for plugins from github.com/containernetworking/plugins" ; }
add chain inet cni_plugins_masquerade masq_checks { comment "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet" ; }
add chain inet cni_plugins_masquerade postrouting { type nat hook postrouting priority 100 ; }
flush chain inet cni_plugins_masquerade postrouting
add rule inet cni_plugins_masquerade postrouting ip daddr == 224.0.0.0/4 return
add rule inet cni_plugins_masquerade postrouting ip6 daddr == ff00::/8 return
add rule inet cni_plugins_masquerade postrouting goto masq_checks
add rule inet cni_plugins_masquerade masq_checks ip saddr == 10.1.2.2 ip daddr != 10.1.2.0/24 masquerade comment "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1"
add rule inet cni_plugins_masquerade masq_checks ip6 saddr == fd00:1::2 ip6 daddr != fd00:1::/64 masquerade comment "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1"
)";

void delete_by_comment_as_nft_does(const std::string& comment_prefix) {
    const std::string chain = "inet cni_plugins_masquerade masq_checks";
    const std::string listed =
        output_of({"nft", "-a", "list", "chain", "inet", "cni_plugins_masquerade", "masq_checks"});
    std::set<std::string> commands;  // a listing that others disturb may show a rule twice
    for (const auto line : split(listed, '\n'))
        if (line.find("comment \"" + comment_prefix) != line.npos)
            commands.insert(cat("delete rule ", chain, " handle ",
                                line.substr(line.find("# handle ") + 9), "\n"));
    nft(join(commands, ""));
}

class NftMasquerade : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) connection_.emplace();
    }
    nft::Connection& connection() { return *connection_; }

private:
    std::optional<nft::Connection> connection_;
};

TEST_F(NftMasquerade, LayoutIsTheReferencePlugins) {
    add_masquerade(connection(), net1_c1, both);
    const std::string ours = ruleset();
    EXPECT_EQ(ours, table_with(net1_c1_rules));
    ASSERT_FALSE(enter_sandbox());
    nft(reference_add);
    EXPECT_EQ(ours, ruleset());
}

TEST_F(NftMasquerade, PrefixesOfAnyLengthReadAsNftWouldWriteThem) {
    add_masquerade(connection(), net1_c1,
                   addresses({"10.1.3.2/23", "10.9.9.9/32", "10.0.0.1/8", "fd00::1/127"}));
    const std::string shown = ruleset();
    for (const char* rule : {"ip saddr 10.1.3.2 ip daddr != 10.1.2.0/23 masquerade",
                             "ip saddr 10.9.9.9 ip daddr != 10.9.9.9 masquerade",
                             "ip saddr 10.0.0.1 ip daddr != 10.0.0.0/8 masquerade",
                             "ip6 saddr fd00::1 ip6 daddr != fd00::/127 masquerade"})
        EXPECT_EQ(count(shown, rule), 1u) << rule << "\n" << shown;
}

TEST_F(NftMasquerade, AddingAgainReplacesTheOwnersRules) {
    add_masquerade(connection(), {"net1", "c2", "eth0"}, addresses({"10.1.2.9/24"}));
    add_masquerade(connection(), net1_c1, addresses({"10.1.2.7/24", "10.1.2.8/24"}));
    add_masquerade(connection(), net1_c1, both);
    const std::string shown = ruleset();
    EXPECT_EQ(count(shown, "id: c1"), 2u) << shown;
    EXPECT_EQ(count(shown, net1_c1_rules), 1u) << shown;
    EXPECT_EQ(count(shown, "ip saddr 10.1.2.9"), 1u) << shown;
}

TEST_F(NftMasquerade, RemovalLeavesOtherOwnersAndTheTable) {
    add_masquerade(connection(), net1_c1, both);
    for (const Owner& other :
         {Owner{"net1", "c1", "eth1"}, Owner{"net1", "c2", "eth0"}, Owner{"net2", "c1", "eth0"}})
        add_masquerade(connection(), other, addresses({"10.7.0.1/16"}));
    EXPECT_TRUE(remove_masquerade(connection(), net1_c1));
    EXPECT_EQ(count(ruleset(), "ip saddr 10.7.0.1"), 3u);
    EXPECT_EQ(count(ruleset(), "10.1.2.2"), 0u);
    remove_masquerade(connection(), {"net1", "c1", "eth1"});
    remove_masquerade(connection(), {"net1", "c2", "eth0"});
    remove_masquerade(connection(), {"net2", "c1", "eth0"});
    EXPECT_EQ(ruleset(), table_with(""));
}

TEST_F(NftMasquerade, TheSetOfThoseWhoHaveRulesGoesWithTheLast) {
    const Owner c2{"net1", "c2", "eth0"};
    add_masquerade(connection(), net1_c1, both);
    add_masquerade(connection(), c2, both);
    EXPECT_EQ(count(whole_ruleset(), "comment \"8e48f37d5de60467-f4d01f2ef4b92245, net: net1"), 3u)
        << whole_ruleset();
    remove_masquerade(connection(), net1_c1);
    EXPECT_EQ(count(whole_ruleset(), "set attachments"), 1u);
    EXPECT_EQ(count(whole_ruleset(), "id: c1"), 0u);
    remove_masquerade(connection(), c2);
    EXPECT_EQ(whole_ruleset(), table_with(""));
    // Of whom the reference plugins have removed the rules.
    add_masquerade(connection(), net1_c1, both);
    delete_by_comment_as_nft_does("8e48f37d5de60467-f4d01f2ef4b92245");
    add_masquerade(connection(), c2, both);
    EXPECT_EQ(gc_masquerade(connection(), "net1", {c2}), 0u);
    EXPECT_EQ(count(whole_ruleset(), "id: c1"), 0u) << whole_ruleset();
    EXPECT_EQ(gc_masquerade(connection(), "net1", {}), 2u);
    EXPECT_EQ(whole_ruleset(), table_with(""));
}

// Half of a hash of 64 bits is found by trying; what follows it is not.
TEST_F(NftMasquerade, TheHashesAloneProveNothing) {
    add_masquerade(connection(), net1_c1, both);
    const std::string before = ruleset();
    nft("add rule inet cni_plugins_masquerade masq_checks counter comment "
        "\"8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c4711\"");
    EXPECT_TRUE(remove_masquerade(connection(), net1_c1));
    EXPECT_EQ(count(ruleset(), "id: c4711"), 1u);
    EXPECT_EQ(gc_masquerade(connection(), "net1", {net1_c1}), 1u);
    EXPECT_EQ(ruleset(), table_with(""));
}

TEST_F(NftMasquerade, RemovalOfNothingIsNoErrorAndMakesNothing) {
    EXPECT_FALSE(remove_masquerade(connection(), net1_c1));
    EXPECT_EQ(gc_masquerade(connection(), "net1", {}), 0u);
    EXPECT_EQ(ruleset(), "");
    nft("add table inet cni_plugins_masquerade");
    EXPECT_FALSE(remove_masquerade(connection(), net1_c1));
    EXPECT_EQ(ruleset(), "table inet cni_plugins_masquerade {\n}\n");
}

TEST_F(NftMasquerade, RulesOfTheReferenceAreCheckedAndRemoved) {
    nft(reference_add);
    EXPECT_NO_THROW(check_masquerade(connection(), net1_c1, both));
    EXPECT_TRUE(remove_masquerade(connection(), net1_c1));
    EXPECT_EQ(ruleset(), table_with(""));
}

TEST_F(NftMasquerade, OurRulesAreRemovedTheReferencesWay) {
    add_masquerade(connection(), net1_c1, both);
    add_masquerade(connection(), {"net1", "c2", "eth0"}, addresses({"10.1.2.9/24"}));
    delete_by_comment_as_nft_does("8e48f37d5de60467-f4d01f2ef4b92245");
    EXPECT_EQ(count(ruleset(), "masquerade comment"), 1u);
    EXPECT_FALSE(remove_masquerade(connection(), net1_c1));
}

TEST_F(NftMasquerade, AddRepairsAFlushedPostroutingChain) {
    add_masquerade(connection(), net1_c1, both);
    nft("flush chain inet cni_plugins_masquerade postrouting");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_EQ(ruleset(), table_with(net1_c1_rules));
}

TEST_F(NftMasquerade, AddMakesAChainThatIsMissing) {
    nft("add table inet cni_plugins_masquerade; add chain inet cni_plugins_masquerade masq_checks");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_NO_THROW(check_masquerade(connection(), net1_c1, both));
    nft("delete table inet cni_plugins_masquerade");
    nft("add table inet cni_plugins_masquerade; add chain inet cni_plugins_masquerade postrouting "
        "{ type nat hook postrouting priority 100 ; }");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_NO_THROW(check_masquerade(connection(), net1_c1, both));
}

TEST_F(NftMasquerade, AddRepairsAChainWithOtherRulesInPlaceOfOurs) {
    add_masquerade(connection(), net1_c1, both);
    nft("flush chain inet cni_plugins_masquerade postrouting");
    for (int i = 0; i < 3; ++i) nft("add rule inet cni_plugins_masquerade postrouting accept");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_EQ(ruleset(), table_with(net1_c1_rules));
}

TEST_F(NftMasquerade, AddKeepsThePolicyOfTheChain) {
    add_masquerade(connection(), net1_c1, both);
    nft("add chain inet cni_plugins_masquerade postrouting { policy drop ; }");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_EQ(count(ruleset(), "policy drop"), 1u) << ruleset();
    EXPECT_EQ(count(ruleset(), "goto masq_checks"), 1u);
}

TEST_F(NftMasquerade, AddKeepsForeignRulesOfAChainThatWorks) {
    add_masquerade(connection(), net1_c1, both);
    nft("insert rule inet cni_plugins_masquerade postrouting ip daddr 192.0.2.9 accept");
    add_masquerade(connection(), {"net1", "c2", "eth0"}, addresses({"10.1.2.9/24"}));
    EXPECT_EQ(count(ruleset(), "ip daddr 192.0.2.9 accept"), 1u);
    EXPECT_EQ(count(ruleset(), "goto masq_checks"), 1u);
}

TEST_F(NftMasquerade, AddFailsWhenTheChainIsHookedElsewhere) {
    nft("add table inet cni_plugins_masquerade; add chain inet cni_plugins_masquerade postrouting "
        "{ type filter hook input priority 0 ; }");
    const std::string before = ruleset();
    EXPECT_THROW(add_masquerade(connection(), net1_c1, both), NlError);
    EXPECT_EQ(ruleset(), before);
}

std::string check_error(nft::Connection& connection, const Owner& owner,
                        const std::vector<Prefix>& wanted) {
    try {
        check_masquerade(connection, owner, wanted);
        return {};
    } catch (const Error& error) {
        return error.msg;
    }
}

TEST_F(NftMasquerade, CheckNamesWhatIsMissing) {
    EXPECT_EQ(check_error(connection(), net1_c1, both),
              "masquerading: the postrouting hook is missing from chain postrouting of nftables "
              "table inet cni_plugins_masquerade");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_EQ(check_error(connection(), net1_c1, both), "");
    EXPECT_EQ(
        check_error(connection(), net1_c1, addresses({"10.1.2.2/25"})),
        "masquerading: the rule for 10.1.2.2/25 of container \"c1\" interface eth0 is missing "
        "from chain masq_checks of nftables table inet cni_plugins_masquerade");
    EXPECT_NE(check_error(connection(), {"net1", "c2", "eth0"}, both), "");
    nft("flush chain inet cni_plugins_masquerade postrouting");
    EXPECT_EQ(check_error(connection(), net1_c1, both),
              "masquerading: a jump to masq_checks is missing from chain postrouting of nftables "
              "table inet cni_plugins_masquerade");
}

TEST_F(NftMasquerade, CheckMissesTheHookOfAChainThatHasTheRules) {
    add_masquerade(connection(), net1_c1, both);
    const std::string listed = ruleset();
    const std::string hook = "\t\ttype nat hook postrouting priority srcnat; policy accept;\n";
    nft(cat("delete table inet cni_plugins_masquerade\n",
            std::string(listed).erase(listed.find(hook), hook.size())));
    EXPECT_EQ(check_error(connection(), net1_c1, both),
              "masquerading: the postrouting hook is missing from chain postrouting of nftables "
              "table inet cni_plugins_masquerade");
    EXPECT_THROW(add_masquerade(connection(), net1_c1, both), NlError);
}

TEST_F(NftMasquerade, GcKeepsValidAttachmentsAndOtherNetworks) {
    for (const char* id : {"c1", "c2", "c3"})
        for (const char* network : {"net1", "net2"})
            add_masquerade(connection(), {network, id, "eth0"}, addresses({"10.1.2.2/24"}));
    nft("add rule inet cni_plugins_masquerade masq_checks counter comment \"somebody else\"");
    EXPECT_EQ(gc_masquerade(connection(), "net1", {{"net1", "c2", "eth0"}, {"net1", "c3", "eth9"}}),
              2u);
    const std::string shown = ruleset();
    EXPECT_EQ(count(shown, "net: net1"), 1u) << shown;
    EXPECT_EQ(count(shown, "net: net1, if: eth0, id: c2"), 1u) << shown;
    EXPECT_EQ(count(shown, "net: net2"), 3u) << shown;
    EXPECT_EQ(count(shown, "somebody else"), 1u) << shown;
}

TEST_F(NftMasquerade, GcRemovesMoreRulesThanOneBatchHolds) {
    add_masquerade(connection(), {"net1", "kept", "eth0"}, addresses({"10.1.2.2/24"}));
    nft::Batch batch;
    for (int i = 0; i < 900; ++i)
        batch.add_rule({NFPROTO_INET, "cni_plugins_masquerade"}, "masq_checks", {nft::Counter{}},
                       owner_comment({"net1", cat("c", i), "eth0"}));
    connection().commit(std::move(batch));
    EXPECT_EQ(gc_masquerade(connection(), "net1", {{"net1", "kept", "eth0"}}), 900u);
    EXPECT_EQ(count(ruleset(), "net: net1"), 1u);
}

TEST_F(NftMasquerade, ContainerIdsOfAnyLengthAreTold) {
    const std::string long_id(5000, 'x');
    const Owner a{"net1", long_id + "a", "eth0"}, b{"net1", long_id + "b", "eth0"};
    add_masquerade(connection(), a, both);
    add_masquerade(connection(), b, both);
    EXPECT_TRUE(remove_masquerade(connection(), a));
    EXPECT_NO_THROW(check_masquerade(connection(), b, both));
    EXPECT_NE(check_error(connection(), a, both), "");
}

TEST_F(NftMasquerade, ProbeFindsNoProblemAndLeavesNothing) {
    EXPECT_EQ(masquerade_problem(connection()), std::nullopt);
    EXPECT_EQ(ruleset(), "");
    add_masquerade(connection(), net1_c1, both);
    EXPECT_EQ(masquerade_problem(connection()), std::nullopt);
}

// Each child adds its rules and removes them again if its number is odd, while the table is
// rewritten by the reference's way of adding and by somebody with rules of his own.
int child(int number) {
    try {
        nft::Connection connection;
        const Owner owner{"net1", cat("child", number), "eth0"};
        const auto mine = addresses({"10.1.2.2/24", "fd00:1::2/64"});
        for (int i = 0; i < 5; ++i) {
            add_masquerade(connection, owner, mine);
            check_masquerade(connection, owner, mine);
            if (!remove_masquerade(connection, owner)) return 2;
        }
        if (number % 2 == 0) add_masquerade(connection, owner, mine);
        return 0;
    } catch (const Error& error) {
        ::dprintf(STDERR_FILENO, "child %d: %s\n", number, error.what());
        return 1;
    }
}

TEST_F(NftMasquerade, ConcurrentChangesLoseNobodysRules) {
    constexpr int children = 50;
    std::vector<pid_t> pids;
    for (int i = 0; i < children; ++i) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) ::_exit(child(i));
        pids.push_back(pid);
    }
    int foreign = 0;
    for (std::size_t ended = 0; ended < pids.size();) {
        nft(cat(reference_add,
                "add rule inet cni_plugins_masquerade masq_checks counter comment \"foreign ",
                foreign++, "\"\n"));
        delete_by_comment_as_nft_does("8e48f37d5de60467-f4d01f2ef4b92245");
        int status = 0;
        while (ended < pids.size() && ::waitpid(pids[ended], &status, WNOHANG) == pids[ended]) {
            EXPECT_EQ(status, 0);
            ++ended;
        }
    }
    const std::string shown = ruleset();
    for (int i = 0; i < children; ++i)
        EXPECT_EQ(count(shown, cat("id: child", i, "\"")), i % 2 == 0 ? 2u : 0u) << i;
    EXPECT_EQ(count(shown, "comment \"foreign"), static_cast<std::size_t>(foreign));
    EXPECT_EQ(count(shown, "goto masq_checks"), 1u);
}

// A container behind the host, which forwards.
class NftMasqueradedTraffic : public NftMasquerade {
protected:
    void SetUp() override {
        NftMasquerade::SetUp();
        if (IsSkipped()) return;
        outside_.emplace();
        container_.emplace("c1");
        output_of({"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"});
        output_of(
            {"ip", "link", "add", "port", "type", "veth", "peer", "name", "eth0", "netns", "c1"});
        for (const char* address : {"10.1.2.1/24", "fd00:1::1/64"})
            output_of({"ip", "address", "add", address, "dev", "port", "nodad"});
        output_of({"ip", "link", "set", "port", "up"});
        for (const char* address : {"10.1.2.2/24", "fd00:1::2/64"})
            container_->output_of({"ip", "address", "add", address, "dev", "eth0", "nodad"});
        container_->output_of({"ip", "link", "set", "eth0", "up"});
        container_->output_of({"ip", "route", "add", "default", "via", "10.1.2.1"});
        container_->output_of({"ip", "-6", "route", "add", "default", "via", "fd00:1::1"});
    }
    Exchange exchange(const std::string& address) const {
        return exchange_tcp({.server = outside_->netns().netns(),
                             .address = address,
                             .client = container_->netns()});
    }
    const Outside& outside() const { return *outside_; }

private:
    std::optional<Outside> outside_;
    std::optional<TestNetns> container_;
};

TEST_F(NftMasqueradedTraffic, OutsideSeesTheHostsAddress) {
    add_masquerade(connection(), net1_c1, both);
    const Exchange v4 = exchange(outside().address()), v6 = exchange(outside().address6());
    EXPECT_TRUE(v4.answered) << v4.failure;
    EXPECT_EQ(v4.peer_address, outside().host_address());
    EXPECT_TRUE(v6.answered) << v6.failure;
    EXPECT_EQ(v6.peer_address, outside().host_address6());
}

TEST_F(NftMasqueradedTraffic, OutsideSeesTheContainersAddressAfterRemoval) {
    outside().netns().output_of(
        {"ip", "route", "add", "10.1.2.0/24", "via", outside().host_address()});
    add_masquerade(connection(), net1_c1, both);
    remove_masquerade(connection(), net1_c1);
    const Exchange v4 = exchange(outside().address());
    EXPECT_TRUE(v4.answered) << v4.failure;
    EXPECT_EQ(v4.peer_address, "10.1.2.2");
}

}  // namespace
}  // namespace cni::test
