// What is let through and what is not, on a host that drops what it does not know.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FirewallTraffic : public FirewallTest {
protected:
    void shell(const std::string& commands) const { output_of({"sh", "-ec", commands}); }
    /// A rule of the administrator's: drops what goes to the world.
    void forbid_the_world() const {
        if (way() == Way::nftables)
            return shell(
                "nft add rule inet cni_firewall CNI-ADMIN ip daddr 192.0.2.2 drop\n"
                "nft add rule inet cni_firewall CNI-ADMIN ip6 daddr 2001:db8::2 drop");
        iptables("-A CNI-ADMIN -d 192.0.2.2/32 -j DROP");
        iptables("-A CNI-ADMIN -d 2001:db8::2/128 -j DROP", '6');
    }
};

CNIXX_FIREWALL_WAYS(FirewallTraffic, all_ways);

/// Only iptables lets through what the host drops: there the rules are in the same chains.
class FirewallOnDroppingHost : public FirewallTest {
protected:
    void drop_by_default() const {
        for (const char family : both) iptables("-P FORWARD DROP", family);
    }
};

CNIXX_FIREWALL_WAYS(FirewallOnDroppingHost, iptables_ways);

TEST_P(FirewallOnDroppingHost, LetsContainersOutAndAnswersIn) {
    const Box c1("c1");
    drop_by_default();
    for (const char family : both) EXPECT_TRUE(is_cut_off_from_world(c1, family)) << family;
    admit(c1);
    for (const char family : both) {
        EXPECT_TRUE(reaches_world(c1, family)) << family;
        EXPECT_TRUE(is_hidden_from_world(c1, family)) << family;
    }
    dismiss(c1);
    for (const char family : both) EXPECT_TRUE(is_cut_off_from_world(c1, family)) << family;
}

TEST_P(FirewallOnDroppingHost, OpenBridgesReachEachOther) {
    const Box a("a", 2), b("b", 2), other("c", 3);
    drop_by_default();
    for (const Box* box : {&a, &b, &other}) admit(*box);
    for (const char family : both) {
        EXPECT_TRUE(reaches(a, b, family)) << family;
        EXPECT_TRUE(reaches(a, other, family)) << family;
    }
}

TEST_P(FirewallTraffic, SameBridgeKeepsBridgesApart) {
    const json same_bridge = {{"ingressPolicy", "same-bridge"}};
    const Box a("a", 2), b("b", 2), other("c", 3), open("d", 4);
    for (const Box* box : {&a, &b, &other}) admit(*box, same_bridge);
    admit(open);
    for (const char family : both) {
        EXPECT_TRUE(reaches(a, b, family)) << family;
        EXPECT_TRUE(is_cut_off(a, other, family)) << family;
        EXPECT_TRUE(is_cut_off(other, a, family)) << family;
        EXPECT_TRUE(reaches(a, open, family)) << family;
        EXPECT_TRUE(reaches(open, a, family)) << family;
        EXPECT_TRUE(reaches_world(a, family)) << family;
    }
    // The last one of a bridge takes its policy along.
    dismiss(other);
    for (const char family : both) EXPECT_TRUE(reaches(a, other, family)) << family;
}

TEST_P(FirewallTraffic, IsolatedKeepsContainersApart) {
    const json isolated = {{"ingressPolicy", "isolated"}};
    const Box a("a", 2), b("b", 2), other("c", 3);
    for (const Box* box : {&a, &b, &other}) admit(*box, isolated);
    for (const char family : both) {
        EXPECT_TRUE(is_cut_off(a, b, family)) << family;
        EXPECT_TRUE(is_cut_off(a, other, family)) << family;
        EXPECT_TRUE(reaches_world(a, family)) << family;
        EXPECT_TRUE(is_reached_from_world(a, family)) << family;
    }
}

// By way of the host, whose MAC address is no other port's: there and back.
TEST_P(FirewallTraffic, IsolatedContainersFindNoWayAround) {
    const Box a("a", 2), b("b", 2);
    for (const auto& [from, to] : {std::pair(&a, &b), {&b, &a}}) {
        from->netns.output_of({"ip", "route", "add", to->address('4'), "via", "10.1.2.1"});
        from->netns.output_of({"ip", "route", "add", to->address('6'), "via", "fd00:1:2::1"});
    }
    for (const Box* box : {&a, &b}) admit(*box, {{"ingressPolicy", "isolated"}});
    for (const char family : both) EXPECT_TRUE(is_cut_off(a, b, family)) << family;
}

TEST_P(FirewallTraffic, AdministratorsComeFirst) {
    const Box c1("c1"), policed("c2", 3);
    admit(c1);
    admit(policed, {{"ingressPolicy", "same-bridge"}});
    forbid_the_world();
    for (const Box* box : {&c1, &policed})
        for (const char family : both) EXPECT_TRUE(is_cut_off_from_world(*box, family)) << family;
}

TEST_P(FirewallOnDroppingHost, AdministratorsLetIn) {
    const Box c1("c1");
    drop_by_default();
    admit(c1);
    iptables("-A CNI-ADMIN -d 10.1.2.2/32 -j ACCEPT");
    EXPECT_TRUE(reaches_world(c1, '4'));
    EXPECT_TRUE(is_reached_from_world(c1, '4'));
}

/// What bridges carry does not pass iptables there.
class FirewallWithoutBrNetfilter : public FirewallTraffic {
protected:
    void SetUp() override {
        FirewallTraffic::SetUp();
        if (!IsSkipped())
            shell("for f in /proc/sys/net/bridge/bridge-nf-call-*tables; do echo 0 > $f; done");
    }
};

CNIXX_FIREWALL_WAYS(FirewallWithoutBrNetfilter, all_ways);

TEST_P(FirewallWithoutBrNetfilter, IsolationWorksWithNftablesOrIsSaidNotTo) {
    const json isolated = {{"ingressPolicy", "isolated"}};
    const Box a("a", 2), b("b", 2), open("c", 2);
    for (const Box* box : {&a, &b}) {
        const PluginRun run = firewall("ADD", *box, isolated);
        ASSERT_TRUE(run.ok()) << run.report();
        if (way() == Way::nftables) {
            EXPECT_EQ(run.err, "");
            continue;
        }
        EXPECT_THAT(run.err, HasSubstr("containers on cni2 are not isolated from each other"));
        EXPECT_THAT(run.err, HasSubstr("net/bridge/bridge-nf-call-iptables"));
        EXPECT_THAT(run.err, HasSubstr("net/bridge/bridge-nf-call-ip6tables"));
    }
    if (way() != Way::nftables) return;
    for (const char family : both) {
        EXPECT_TRUE(is_cut_off(a, b, family)) << family;
        EXPECT_TRUE(is_cut_off(a, open, family)) << family;
        EXPECT_TRUE(is_cut_off(open, b, family)) << family;
        EXPECT_TRUE(reaches_world(a, family)) << family;
    }
    dismiss(a);
    for (const char family : both) EXPECT_TRUE(reaches(a, open, family)) << family;
}

}  // namespace
}  // namespace cni::test
