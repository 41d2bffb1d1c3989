// What is let through and what is not, on a host that drops what it does not know.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FirewallTraffic : public FirewallTest {
protected:
    void drop_by_default() const {
        for (const char family : both) iptables("-P FORWARD DROP", family);
    }
};

CNIXX_FIREWALL_WAYS(FirewallTraffic, iptables_ways);

TEST_P(FirewallTraffic, AHostThatDropsLetsContainersOutAndAnswersIn) {
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

TEST_P(FirewallTraffic, OpenBridgesReachEachOther) {
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

TEST_P(FirewallTraffic, AdministratorsComeFirst) {
    const Box c1("c1");
    drop_by_default();
    admit(c1);
    iptables("-A CNI-ADMIN -d 192.0.2.2/32 -j DROP");
    iptables("-A CNI-ADMIN -d 2001:db8::2/128 -j DROP", '6');
    for (const char family : both) EXPECT_TRUE(is_cut_off_from_world(c1, family)) << family;
    iptables("-F CNI-ADMIN");
    iptables("-A CNI-ADMIN -d 10.1.2.2/32 -j ACCEPT");
    EXPECT_TRUE(reaches_world(c1, '4'));
    EXPECT_TRUE(is_reached_from_world(c1, '4'));
}

TEST_P(FirewallTraffic, IsolationThatHasNoEffectIsSaid) {
    const Box c1("c1");
    output_of({"sh", "-c", "echo 0 > /proc/sys/net/bridge/bridge-nf-call-ip6tables"});
    const PluginRun run = firewall("ADD", c1, {{"ingressPolicy", "isolated"}});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("containers on cni2 are not isolated from each other"));
    EXPECT_THAT(run.err, HasSubstr("net/bridge/bridge-nf-call-ip6tables"));
}

}  // namespace
}  // namespace cni::test
