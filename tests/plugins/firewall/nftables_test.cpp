// Tables of our own in nf_tables.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const json isolated = {{"ingressPolicy", "isolated"}};
const json same_bridge = {{"ingressPolicy", "same-bridge"}};

class FirewallNftables : public FirewallTest {
protected:
    static void nft(const std::string& command) { output_of({"nft", command}); }
    std::string on_bridge() const {
        return output_of({"nft", "list", "map", "inet", "cni_firewall", "on_bridge"});
    }
};

constexpr Way ways[] = {Way::nftables};
CNIXX_FIREWALL_WAYS(FirewallNftables, ways);

TEST_P(FirewallNftables, TheTablesAreListedByNft) {
    const Box c1("c1"), c2("c2", 3);
    admit(c1, isolated);
    admit(c2, same_bridge);
    const std::string port = port_of(c1.result);
    for (const std::string& part :
         {std::string("type filter hook forward priority filter; policy accept;\n"
                      "\t\tiifname . oifname vmap @on_bridge\n"
                      "\t\tiifname @policed oifname @policed drop\n"
                      "\t\tjump admin\n"),
          std::string("chain admin {\n\t\tjump CNI-ADMIN\n"), std::string("chain isolated-cni2 {"),
          std::string("chain same-bridge-cni3 {"), std::string("\"cni2\" . \"cni2\" : drop"),
          std::string("\"cni3\" . \"cni3\" : goto admin"),
          std::string("iifname @isolated drop\n\t\toifname @isolated drop\n"),
          cat("elements = { \"", port,
              "\" comment \"a5855bd82c6a57c4-f4d01f2ef4b92245, net: net2, ",
              "if: eth0, id: c1\" }")})
        EXPECT_THAT(rules(), HasSubstr(part));
    // It can be saved and loaded.
    const std::string saved = output_of({"nft", "list", "ruleset"});
    output_of({"nft", "flush", "ruleset"});
    output_of({"nft", "-f", "-"}, saved);
    EXPECT_EQ(fault(c1, isolated), "");
    EXPECT_EQ(fault(c2, same_bridge), "");
}

TEST_P(FirewallNftables, DelLeavesWhatWasThereBefore) {
    const Box first("c0"), c1("c1"), c2("c2"), c3("c3", 3);
    admit(first);
    admit(first, isolated);
    dismiss(first);
    const std::string before = rules();
    admit(c1, isolated);
    const std::string once = rules();
    admit(c1, isolated);
    EXPECT_EQ(rules(), once);
    admit(c2, isolated);
    admit(c3, same_bridge);
    dismiss(c1);
    EXPECT_EQ(fault(c2, isolated), "");
    EXPECT_NE(fault(c1, isolated), "");
    dismiss(c2);
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(c3, same_bridge), "");
    dismiss(c3);
    dismiss(c3);
    EXPECT_EQ(rules(), before);
}

TEST_P(FirewallNftables, AnOpenBridgeHasNothingOfItsOwn) {
    const Box c1("c1");
    admit(c1);
    EXPECT_EQ(fault(c1), "");
    EXPECT_THAT(rules(), Not(HasSubstr("bridge cni_firewall")));
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(count("c1"), 0u) << rules();
}

TEST_P(FirewallNftables, TheStrictestPolicyOfABridgeCounts) {
    const Box a("a"), b("b");
    admit(a, same_bridge);
    EXPECT_THAT(on_bridge(), HasSubstr(": goto admin"));
    admit(b, isolated);
    EXPECT_THAT(on_bridge(), HasSubstr(": drop"));
    EXPECT_EQ(fault(a, same_bridge), "");
    EXPECT_EQ(fault(b, isolated), "");
    // It is told something else.
    admit(b, same_bridge);
    EXPECT_THAT(on_bridge(), HasSubstr(": goto admin"));
    EXPECT_EQ(count(port_of(b.result)), 0u) << rules();
    admit(a, isolated);
    dismiss(b);
    EXPECT_THAT(on_bridge(), HasSubstr(": drop"));
    admit(a);
    EXPECT_THAT(on_bridge(), Not(HasSubstr("cni2")));
    EXPECT_EQ(count("cni2"), 0u) << rules();
}

TEST_P(FirewallNftables, LateDelLeavesWhoGotThePort) {
    const Box gone("c1"), other("c2");
    admit(gone, isolated);
    const PluginRun added = call("ADD", args(other.netns), config(gone, isolated));
    ASSERT_TRUE(added.ok()) << added.report();
    dismiss(gone);
    EXPECT_TRUE(call("CHECK", args(other.netns), config(gone, isolated)).ok()) << rules();
    EXPECT_TRUE(call("DEL", args(other.netns), config(gone, isolated)).ok());
    EXPECT_EQ(count(port_of(gone.result)), 0u) << rules();
}

TEST_P(FirewallNftables, GcRemovesWhatIsNotValid) {
    const Box stale("c1"), valid("c2"), foreign("c3", 3);
    for (const Box* box : {&stale, &valid, &foreign}) admit(*box, isolated);
    gc(stale, {"c2"});
    EXPECT_EQ(count(port_of(stale.result)), 0u) << rules();
    EXPECT_EQ(fault(valid, isolated), "");
    gc(stale, {});
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(count(port_of(valid.result)), 0u) << rules();
    EXPECT_EQ(fault(foreign, isolated), "");
}

TEST_P(FirewallNftables, CheckNamesWhatIsMissingAndAddRepairsIt) {
    const Box c1("c1");
    EXPECT_THAT(fault(c1), HasSubstr("firewall: map attachments of nftables table inet"));
    admit(c1, isolated);
    const std::string port = port_of(c1.result);
    struct Case {
        std::string damage, expected;
    };
    for (const auto& [damage, expected] : std::vector<Case>{
             {"flush chain inet cni_firewall forward",
              "firewall: chain forward of nftables table inet cni_firewall is missing or differs"},
             {"flush chain inet cni_firewall admin",
              "firewall: the jump to CNI-ADMIN of nftables table inet cni_firewall is missing or "
              "differs"},
             {"flush chain bridge cni_firewall forward",
              "firewall: chain forward of nftables table bridge cni_firewall is missing or "
              "differs"},
             {"delete table bridge cni_firewall",
              "firewall: map ports of nftables table bridge cni_firewall is missing or differs"},
             {"flush map inet cni_firewall on_bridge", "firewall: what keeps cni2 apart in "},
             {"flush set inet cni_firewall policed", "firewall: what keeps cni2 apart in "},
             {"flush set bridge cni_firewall isolated", "firewall: what keeps cni2 apart in "},
             {"flush map inet cni_firewall attachments", "firewall: the attachment's element"},
             {"flush map bridge cni_firewall ports", "firewall: the attachment's element"},
             {"flush ruleset",
              "firewall: map attachments of nftables table inet cni_firewall is missing or "
              "differs"}}) {
        nft(damage);
        const std::string before = rules();
        EXPECT_THAT(fault(c1, isolated), HasSubstr(expected)) << damage;
        EXPECT_EQ(rules(), before) << "CHECK changes nothing";
        admit(c1, isolated);
        EXPECT_EQ(fault(c1, isolated), "") << damage;
    }
    dismiss(c1);
    EXPECT_EQ(count("cni2"), 0u) << rules();
}

TEST_P(FirewallNftables, AdminChainsSurvive) {
    const Box c1("c1"), c2("c2", 3);
    admit(c1);
    nft("add rule inet cni_firewall CNI-ADMIN ip daddr 192.0.2.9 drop");
    admit(c2, {{"iptablesAdminChainName", "MINE"}});
    nft("flush chain inet cni_firewall forward");
    admit(c1, isolated);
    for (const Box* box : {&c1, &c2}) dismiss(*box);
    EXPECT_THAT(rules(), HasSubstr("ip daddr 192.0.2.9 drop"));
    EXPECT_THAT(rules(), HasSubstr("jump CNI-ADMIN\n\t\tjump MINE\n"));
}

TEST_P(FirewallNftables, TheBackendMayChange) {
    const Box c1("c1"), c2("c2");
    for (const Box* box : {&c1, &c2}) admit(*box, isolated);
    const auto with = [](const char* backend) {
        return json{{"ingressPolicy", "isolated"}, {"backend", backend}};
    };
    EXPECT_EQ(fault(c1, with("iptables")), "") << "still whole in the other one";
    admit(c1, with("iptables"));
    EXPECT_EQ(count(port_of(c1.result)), 0u) << rules();
    EXPECT_EQ(fault(c1, with("iptables")), "");
    dismiss(c2);
    EXPECT_EQ(count("cni2"), 0u) << rules();
    admit(c1, with("nftables"));
    EXPECT_EQ(iptables("-t filter -S").find("cni2"), std::string::npos);
    admit(c1, with("iptables"));
    dismiss(c1);
    EXPECT_EQ(iptables("-t filter -S").find("10.1.2"), std::string::npos);
}

TEST_P(FirewallNftables, HashesOfSomebodyElseAreLeft) {
    const Box c1("c1");
    admit(c1, isolated);
    // The same key, another comment.
    const std::string listed =
        output_of({"nft", "list", "map", "inet", "cni_firewall", "attachments"});
    const auto begin = listed.find("0x");
    const std::string key = listed.substr(begin, listed.find(" comment") - begin);
    nft(cat("flush map inet cni_firewall attachments; add element inet cni_firewall attachments { ",
            key, " comment \"somebody\" : jump isolated-cni2 }"));
    dismiss(c1);
    EXPECT_THAT(rules(), HasSubstr("\"somebody\""));
    const PluginRun run = firewall("ADD", c1, isolated);
    EXPECT_EQ(run.error_message(), "another attachment has the same hashes in nftables");
    EXPECT_THAT(rules(), HasSubstr("\"somebody\""));
}

TEST_P(FirewallNftables, AnIsolatedContainerNeedsAPort) {
    const Box c1("c1");
    json result = c1.result;
    result["interfaces"] = {{{"name", "cni2"}}};
    for (json& ip : result["ips"]) ip.erase("interface");
    json keys = isolated;
    keys["prevResult"] = result;
    const PluginRun run = firewall("ADD", c1, keys);
    EXPECT_EQ(run.error_code(), 7) << run.report();
    EXPECT_EQ(run.error_message(), "prevResult names no port of bridge \"cni2\"");
    EXPECT_EQ(rules(), "");
}

// What one table drops no other one lets through; the host's own has to.
TEST_P(FirewallNftables, AHostThatDropsHasToLetContainersThroughItself) {
    const Box c1("c1");
    nft("add table inet host; add chain inet host forward { type filter hook forward priority 0; "
        "policy drop; }");
    admit(c1);
    EXPECT_TRUE(is_cut_off_from_world(c1, '4'));
    nft("add rule inet host forward iifname cni2 accept; "
        "add rule inet host forward oifname cni2 ct state established,related accept");
    for (const char family : both) {
        EXPECT_TRUE(reaches_world(c1, family)) << family;
        EXPECT_TRUE(is_cut_off(world(), c1.address(family))) << family;
    }
}

TEST_P(FirewallNftables, StatusTriesTheKernel) {
    for (const char* policy : {"open", "isolated"}) {
        const PluginRun run = call("STATUS", {.container_id = {}, .netns = {}, .ifname = {}},
                                   {{"cniVersion", "1.1.0"},
                                    {"name", "net1"},
                                    {"type", "firewall"},
                                    {"ingressPolicy", policy},
                                    {"backend", "nftables"}});
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(rules(), "");
    }
}

}  // namespace
}  // namespace cni::test
