// Table filter of iptables: the reference plugin's rules, word for word and in the right places.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FirewallIptables : public FirewallTest {};

CNIXX_FIREWALL_WAYS(FirewallIptables, iptables_ways);

const std::string forward_jump =
    "-A FORWARD -m comment --comment \"CNI firewall plugin rules\" -j CNI-FORWARD\n";
const std::string admin_jump =
    "-A CNI-FORWARD -m comment --comment \"CNI firewall plugin admin overrides\" -j CNI-ADMIN\n";
const std::string isolation_jump =
    "-A FORWARD -m comment --comment \"CNI firewall plugin rules (ingressPolicy: "
    "same-bridge|isolated)\" -j CNI-ISOLATION-STAGE-1\n";

TEST_P(FirewallIptables, HasTheReferencesRules) {
    const Box c1("c1"), c2("c2");
    admit(c1);
    admit(c2);
    EXPECT_EQ(without_records('4'),
              forward_jump + admin_jump +
                  "-A CNI-FORWARD -d 10.1.2.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j "
                  "ACCEPT\n-A CNI-FORWARD -s 10.1.2.2/32 -j ACCEPT\n"
                  "-A CNI-FORWARD -d 10.1.2.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j "
                  "ACCEPT\n-A CNI-FORWARD -s 10.1.2.3/32 -j ACCEPT\n");
    EXPECT_EQ(without_records('6'),
              forward_jump + admin_jump +
                  "-A CNI-FORWARD -d fd00:1:2::2/128 -m conntrack --ctstate RELATED,ESTABLISHED -j "
                  "ACCEPT\n-A CNI-FORWARD -s fd00:1:2::2/128 -j ACCEPT\n"
                  "-A CNI-FORWARD -d fd00:1:2::3/128 -m conntrack --ctstate RELATED,ESTABLISHED -j "
                  "ACCEPT\n-A CNI-FORWARD -s fd00:1:2::3/128 -j ACCEPT\n");
    EXPECT_EQ(fault(c1), "");
    const std::string once = rules();
    admit(c1);
    EXPECT_EQ(rules(), once);
}

TEST_P(FirewallIptables, RecordsWhoseItIs) {
    const Box c1("c1");
    admit(c1, {{"ingressPolicy", "isolated"}});
    EXPECT_THAT(rules(), HasSubstr("-A CNI-FORWARD-OWNERS -s 10.1.2.2/32 -i cni2 -o cni2 "));
    EXPECT_THAT(rules(), HasSubstr("net: net2, if: eth0, id: c1"));
    EXPECT_THAT(rules(), Not(HasSubstr("-j CNI-FORWARD-OWNERS")));
}

TEST_P(FirewallIptables, KeepsBridgesApartAsTheReferenceDoes) {
    const Box c2("c2", 2), c3("c3", 3);
    admit(c2, {{"ingressPolicy", "same-bridge"}});
    admit(c3, {{"ingressPolicy", "isolated"}});
    const auto note = [](const std::string& policy) {
        return cat("-m comment --comment \"CNI firewall plugin rules (ingressPolicy: ", policy,
                   ")\" -j ");
    };
    const std::string any = note("same-bridge|isolated");
    for (const char family : both)
        EXPECT_THAT(
            without_records(family),
            HasSubstr(cat("-A CNI-ISOLATION-STAGE-1 -i cni3 -o cni3 ", note("isolated"), "DROP\n",
                          "-A CNI-ISOLATION-STAGE-1 -i cni3 ! -o cni3 ", note("isolated"),
                          "CNI-ISOLATION-STAGE-2\n-A CNI-ISOLATION-STAGE-1 -i cni2 ! -o cni2 ",
                          note("same-bridge"), "CNI-ISOLATION-STAGE-2\n-A CNI-ISOLATION-STAGE-1 ",
                          any, "RETURN\n-A CNI-ISOLATION-STAGE-2 -o cni3 ", any,
                          "DROP\n-A CNI-ISOLATION-STAGE-2 -o cni2 ", any,
                          "DROP\n-A CNI-ISOLATION-STAGE-2 ", any, "RETURN\n")));
    EXPECT_THAT(rules(), HasSubstr(isolation_jump + forward_jump));
    const std::string once = rules();
    admit(c3, {{"ingressPolicy", "isolated"}});
    EXPECT_EQ(rules(), once);
}

TEST_P(FirewallIptables, IsolationGoesWithTheLastOfItsBridge) {
    const Box a("a", 2), b("b", 2), other("c", 3);
    const json isolated = {{"ingressPolicy", "isolated"}};
    for (const Box* box : {&a, &b, &other}) admit(*box, isolated);
    dismiss(a);
    EXPECT_EQ(fault(b, isolated), "");
    dismiss(b);
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(other, isolated), "");
}

// Its containers are on nobody knows which bridge.
TEST_P(FirewallIptables, IsolationStaysWhileTheReferenceHasContainers) {
    const Box ours("c1"), theirs("c2");
    admit(ours, {{"ingressPolicy", "isolated"}});
    iptables(cat("-A CNI-FORWARD -s ", theirs.address('4'), "/32 -j ACCEPT"));
    dismiss(ours);
    EXPECT_GT(count("-i cni2 -o cni2"), 0u);
    EXPECT_EQ(count("cni2", '6'), 0u) << rules('6');
}

// What the reference plugin made, which records nothing and removes no policy.
TEST_P(FirewallIptables, IsolationThatNobodyRecordedGoesWithTheLastOfItsBridge) {
    const Box a("a", 2), b("b", 2), other("c", 3);
    const json isolated = {{"ingressPolicy", "isolated"}};
    for (const Box* box : {&a, &b, &other}) admit(*box, isolated);
    for (const char family : both) iptables("-F CNI-FORWARD-OWNERS", family);
    const auto go = [&](const Box& box) {
        const PluginRun run = firewall("DEL", box, isolated);
        EXPECT_TRUE(run.ok()) << run.report();
        del(box.netns, bridge_network(box.number));
    };
    go(a);
    EXPECT_EQ(fault(b, isolated), "");
    go(b);
    for (const char family : both) EXPECT_EQ(count("cni2", family), 0u) << rules(family);
    EXPECT_EQ(fault(other, isolated), "");
    // Of a bridge that has a port of somebody else's: with the last that was let through.
    output_of({"ip", "link", "add", "fixed", "type", "veth", "peer", "name", "loose"});
    output_of({"ip", "link", "set", "fixed", "master", "cni3"});
    go(other);
    for (const char family : both) EXPECT_EQ(count("cni3", family), 0u) << rules(family);
}

TEST_P(FirewallIptables, GcRemovesIsolationOfBridgesWithoutPorts) {
    const Box gone("c1", 2), there("c2", 3), ours("c3", 4);
    const json isolated = {{"ingressPolicy", "isolated"}};
    for (const Box* box : {&gone, &there}) admit(*box, isolated);
    for (const char family : both) iptables("-F CNI-FORWARD-OWNERS", family);
    admit(ours, isolated);
    output_of({"ip", "link", "delete", port_of(gone.result)});
    output_of({"ip", "link", "delete", "cni4"});
    gc(ours, {"c3"});
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(there, isolated), "");
    EXPECT_EQ(fault(ours, isolated), "") << "a record counts for more";
    output_of({"ip", "link", "delete", "cni3"});
    gc(ours, {"c3"});
    EXPECT_EQ(count("cni3"), 0u) << rules();
}

TEST_P(FirewallIptables, AnotherPolicyReplacesTheRecord) {
    const Box c1("c1");
    admit(c1, {{"ingressPolicy", "isolated"}});
    admit(c1);
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(c1), "");
}

TEST_P(FirewallIptables, JumpsStandWhereTheyShould) {
    const json policed = {{"ingressPolicy", "same-bridge"}};
    const Box c1("c1");
    admit(c1, policed);
    // Somebody else's order.
    iptables("-D FORWARD 1");
    iptables("-A FORWARD -m comment --comment OTHER");
    output_of({cat("iptables", way() == Way::iptables_legacy ? "-legacy" : "-nft"), "-A", "FORWARD",
               "-m", "comment", "--comment",
               "CNI firewall plugin rules (ingressPolicy: same-bridge|isolated)", "-j",
               "CNI-ISOLATION-STAGE-1"});
    iptables("-D CNI-FORWARD 1");
    output_of({cat("iptables", way() == Way::iptables_legacy ? "-legacy" : "-nft"), "-A",
               "CNI-FORWARD", "-m", "comment", "--comment", "CNI firewall plugin admin overrides",
               "-j", "CNI-ADMIN"});
    EXPECT_THAT(fault(c1, policed), HasSubstr("ahead of all others"));
    const std::string before = rules();
    EXPECT_EQ(rules(), before) << "CHECK changes nothing";
    admit(c1);
    EXPECT_EQ(fault(c1), "");
    EXPECT_THAT(fault(c1, policed), HasSubstr("expected FORWARD rule"));
    admit(c1, policed);
    EXPECT_EQ(fault(c1, policed), "");
    EXPECT_EQ(count(isolation_jump), 1u) << rules();
    EXPECT_EQ(count(admin_jump), 1u) << rules();
    // The other jump is lost and comes back: behind.
    iptables("-D FORWARD 2");
    admit(c1);
    EXPECT_THAT(rules(), HasSubstr(isolation_jump + forward_jump));
}

TEST_P(FirewallIptables, JumpsGoAheadOfWhatStandsBeforeThem) {
    const json policed = {{"ingressPolicy", "same-bridge"}};
    const Box c1("c1");
    const std::string other = "-A FORWARD -m comment --comment OTHER\n";
    const auto get_behind = [&] { iptables("-I FORWARD 1 -m comment --comment OTHER"); };
    admit(c1);
    get_behind();
    EXPECT_EQ(fault(c1), "") << "it may be somebody's intention";
    admit(c1);
    EXPECT_THAT(rules(), HasSubstr(cat(forward_jump, other)));
    admit(c1, policed);
    EXPECT_THAT(rules(), HasSubstr(cat(isolation_jump, forward_jump, other)));
    for (const json& keys : {policed, json::object()}) {
        // Ahead of both, and between them.
        get_behind();
        iptables("-D FORWARD -m comment --comment OTHER");
        iptables("-I FORWARD 2 -m comment --comment OTHER");
        get_behind();
        admit(c1, keys);
        EXPECT_THAT(rules(), HasSubstr(cat(isolation_jump, forward_jump, other, other)));
        iptables("-D FORWARD -m comment --comment OTHER");
    }
    const std::string once = rules();
    admit(c1);
    EXPECT_EQ(rules(), once);
    EXPECT_EQ(count(forward_jump), 1u) << once;
    EXPECT_EQ(count(isolation_jump), 1u) << once;
}

TEST_P(FirewallIptables, CheckSeesThatNoPacketComesToTheJump) {
    const Box c1("c1");
    admit(c1);
    iptables("-I FORWARD 1 -s 192.0.2.9/32 -j DROP");
    EXPECT_EQ(fault(c1), "");
    for (const char* rule : {"-j DROP", "-m comment --comment OTHER -j REJECT", "-j ACCEPT"}) {
        iptables(cat("-I FORWARD 1 ", rule));
        EXPECT_EQ(fault(c1),
                  "expected FORWARD rule [-m comment --comment CNI firewall plugin rules -j "
                  "CNI-FORWARD] ahead of one that no packet gets past");
        iptables("-D FORWARD 1");
    }
    iptables("-A FORWARD -j DROP");
    EXPECT_EQ(fault(c1), "");
}

TEST_P(FirewallIptables, AdminChainsSurvive) {
    const Box c1("c1"), c2("c2", 3);
    admit(c1);
    iptables("-A CNI-ADMIN -d 192.0.2.9/32 -j DROP");
    admit(c2, {{"iptablesAdminChainName", "MINE"}});
    admit(c1);
    dismiss(c1);
    dismiss(c2);
    EXPECT_THAT(rules(), HasSubstr("-A CNI-ADMIN -d 192.0.2.9/32 -j DROP"));
    EXPECT_THAT(rules(), HasSubstr("-j MINE\n"));
    EXPECT_EQ(count("10.1."), 0u) << rules();
}

// As concurrent ADDs of the reference plugin leave them.
TEST_P(FirewallIptables, RulesThatAreThereTwiceGoBoth) {
    const Box c1("c1");
    admit(c1);
    iptables("-A CNI-FORWARD -s 10.1.2.2/32 -j ACCEPT");
    dismiss(c1);
    EXPECT_EQ(count("10.1.2.2"), 0u) << rules();
}

TEST_P(FirewallIptables, OnlyFamiliesInUseAreTouched) {
    const Box c1("c1");
    json result = c1.result;
    result["ips"].erase(1);
    const PluginRun run = firewall("ADD", c1, {{"prevResult", result}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_GT(count("10.1.2.2"), 0u);
    EXPECT_EQ(rules('6'), "");
    EXPECT_EQ(fault(c1, {{"prevResult", result}}), "");
    // The other family is nothing to CHECK, and much to this one.
    EXPECT_NE(fault(c1), "");
}

TEST_P(FirewallIptables, CheckNamesWhatIsMissing) {
    const Box c1("c1");
    const json isolated = {{"ingressPolicy", "isolated"}};
    EXPECT_NE(fault(c1), "");
    admit(c1, isolated);
    struct Case {
        std::string chain, expected;
    };
    for (const auto& [chain, expected] : std::vector<Case>{
             {"CNI-FORWARD-OWNERS", ""},
             {"CNI-ISOLATION-STAGE-2",
              "expected CNI-ISOLATION-STAGE-2 rule [-o cni2 -m comment --comment CNI firewall "
              "plugin rules (ingressPolicy: same-bridge|isolated) -j DROP] not found"},
             {"CNI-ISOLATION-STAGE-1",
              "expected CNI-ISOLATION-STAGE-1 rule [-i cni2 ! -o cni2 -m comment --comment CNI "
              "firewall plugin rules (ingressPolicy: isolated) -j CNI-ISOLATION-STAGE-2] not "
              "found"},
             {"CNI-FORWARD",
              "expected CNI-FORWARD rule [-m comment --comment CNI firewall plugin admin overrides "
              "-j CNI-ADMIN] not found"},
             {"FORWARD",
              "expected FORWARD rule [-m comment --comment CNI firewall plugin rules -j "
              "CNI-FORWARD] not found"}}) {
        iptables("-F " + chain);
        const std::string before = rules();
        EXPECT_EQ(fault(c1, isolated), expected);
        EXPECT_EQ(rules(), before) << "CHECK changes nothing";
    }
    admit(c1, isolated);
    EXPECT_EQ(fault(c1, isolated), "");
    iptables("-D CNI-ISOLATION-STAGE-1 1");
    EXPECT_THAT(fault(c1, isolated), HasSubstr("[-i cni2 -o cni2 "));
    for (const std::string& rule :
         {std::string("-d 10.1.2.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
          std::string("-s 10.1.2.2/32 -j ACCEPT")}) {
        admit(c1);
        iptables("-D CNI-FORWARD " + rule);
        EXPECT_EQ(fault(c1), cat("expected rule [", rule, "] not found"));
    }
}

}  // namespace
}  // namespace cni::test
