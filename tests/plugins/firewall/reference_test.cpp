// From and to the reference plugin, while containers run.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

class FirewallSwitch : public FirewallTest {
protected:
    void SetUp() override {
        if (!reference_dir()) GTEST_SKIP() << "needs the package containernetworking-plugins";
        FirewallTest::SetUp();
    }
    void expect_gone(const Box& box) const {
        for (const char family : both)
            EXPECT_EQ(count(box.address(family) + (family == '4' ? "/32 -" : "/128 -"), family), 0u)
                << rules(family);
    }
    /// Debian's version knows no more.
    const json same_bridge_ = {{"ingressPolicy", "same-bridge"}};
};

CNIXX_FIREWALL_WAYS(FirewallSwitch, iptables_ways);

TEST_P(FirewallSwitch, ItsContainersAreOurs) {
    call_reference();
    const Box c1("c1"), c2("c2");
    for (const Box* box : {&c1, &c2}) admit(*box, same_bridge_);
    const std::string before4 = rules('4'), before6 = rules('6');
    call_ours();
    EXPECT_EQ(fault(c1, same_bridge_), "");
    const PluginRun deleted = firewall("DEL", c1, same_bridge_);
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    expect_gone(c1);
    EXPECT_EQ(fault(c2, same_bridge_), "");
    EXPECT_TRUE(firewall("DEL", c2, same_bridge_).ok());
    for (const char family : both) EXPECT_EQ(count("cni2", family), 0u) << rules(family);
    call_reference();
    for (const Box* box : {&c1, &c2}) admit(*box, same_bridge_);
    EXPECT_EQ(rules('4'), before4) << "what is left does it no harm";
    EXPECT_EQ(rules('6'), before6);
    // Ours doubles nothing of it.
    call_ours();
    for (const Box* box : {&c1, &c2}) admit(*box, same_bridge_);
    EXPECT_EQ(without_records('4'), before4);
    EXPECT_EQ(without_records('6'), before6);
    for (const Box* box : {&c1, &c2}) dismiss(*box);
    for (const Box* box : {&c1, &c2}) expect_gone(*box);
    EXPECT_EQ(count("cni2"), 0u) << rules();
}

TEST_P(FirewallSwitch, TheRulesAreThoseOfItsOwn) {
    call_reference();
    const Box c1("c1"), c2("c2");
    for (const Box* box : {&c1, &c2}) admit(*box);
    const std::string its4 = rules('4'), its6 = rules('6');
    for (const char family : both) {
        iptables("-F", family);
        iptables("-X", family);
    }
    call_ours();
    for (const Box* box : {&c1, &c2}) admit(*box);
    EXPECT_EQ(without_records('4'), its4);
    EXPECT_EQ(without_records('6'), its6);
}

TEST_P(FirewallSwitch, OurContainersAreIts) {
    const Box c1("c1"), c2("c2");
    for (const Box* box : {&c1, &c2}) admit(*box);
    const std::string before4 = rules('4');
    call_reference();
    EXPECT_EQ(fault(c1), "");
    admit(c1);
    EXPECT_EQ(rules('4'), before4) << "nothing is missing to it";
    EXPECT_TRUE(firewall("DEL", c1).ok());
    EXPECT_EQ(count("-A CNI-FORWARD -s 10.1.2.2/32"), 0u) << rules();
    EXPECT_EQ(count("-A CNI-FORWARD -d 10.1.2.2/32"), 0u) << rules();
    // A record is left, of no effect until ours comes back.
    call_ours();
    gc(c1, {"c2"});
    expect_gone(c1);
    EXPECT_EQ(fault(c2), "");
}

}  // namespace
}  // namespace cni::test
