// Containers that the reference plugin attached, taken over while they run, and the way back.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/recording.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

/// The reference plugin runs `iptables`: which of its two kinds that is decides where its rules
/// are.
class BridgeMasqueradeSwitch : public BridgeTest,
                               public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
        for (const std::string program : {"iptables", "ip6tables"})
            output_of({"ln", "-s", cat("/usr/sbin/", program, "-", GetParam()),
                       cat(programs_.path(), "/", program)});
        ::setenv("PATH", cat(programs_.path(), ":", path_).c_str(), 1);
    }
    void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

    static PluginArgs by_reference(const TestNetns& c, const std::string& ifname = "eth0") {
        PluginArgs out = args(c, ifname);
        out.executables = *reference_dir();
        return out;
    }
    static json masqueraded() { return layer3({{"ipMasq", true}}); }
    static json with_prev_result(const json& result) {
        json config = masqueraded();
        config["prevResult"] = result;
        return config;
    }
    static json added(const PluginArgs& args) {
        const PluginRun run = call("ADD", args, masqueraded());
        EXPECT_TRUE(run.ok()) << run.report();
        return run.ok() ? run.json() : json();
    }
    static void expect_deleted(const PluginArgs& args, const json& config) {
        const PluginRun run = call("DEL", args, config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(rules(), "");
    }
    /// Chains and rules of both families that name a container.
    static std::string rules() {
        std::string out;
        for (const char* family : {"iptables", "ip6tables"}) {
            const std::string text = output_of({cat(family, "-", GetParam(), "-save")});
            for (const auto line : split(text, '\n'))
                if (line.find("CNI-") != line.npos) out += cat(line, "\n");
        }
        return out;
    }
    static void expect_masqueraded(const Outside& outside, const TestNetns& c) {
        for (const auto& [to, from] : {std::pair(outside.address(), outside.host_address()),
                                       std::pair(outside.address6(), outside.host_address6())}) {
            const Exchange seen = exchange_tcp(
                {.server = outside.netns().netns(), .address = to, .client = c.netns()});
            EXPECT_EQ(seen.peer_address, from) << seen.failure;
        }
    }

private:
    const std::string path_ = ::getenv("PATH");
    TempDir programs_;
};

INSTANTIATE_TEST_SUITE_P(Iptables, BridgeMasqueradeSwitch, ::testing::Values("nft", "legacy"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(BridgeMasqueradeSwitch, OursDeletesWhatTheirsAdded) {
    const TestNetns c("c1");
    const json result = added(by_reference(c));
    EXPECT_NE(rules(), "");
    expect_deleted(args(c), with_prev_result(result));
    // Nothing known but the name of the container.
    added(by_reference(c));
    PluginArgs without_netns = args(c);
    without_netns.netns = "";
    expect_deleted(without_netns, masqueraded());
}

TEST_P(BridgeMasqueradeSwitch, TheirsDeletesWhatOursAdded) {
    const TestNetns first("first"), c("c1");
    // From now on the host has a kind of iptables that is in use.
    added(by_reference(first));
    const json result = added(args(c));
    EXPECT_NE(rules().find("id: \\\"c1\\\""), std::string::npos) << rules();
    PluginRun run = call("DEL", by_reference(c), with_prev_result(result));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(rules().find("id: \\\"c1\\\""), std::string::npos) << rules();
    expect_deleted(args(first), masqueraded());
}

TEST_P(BridgeMasqueradeSwitch, BothWriteTheSameRules) {
    const TestNetns c("c1");
    const auto without_counters = [](std::string text) {
        for (auto at = text.find(" ["); at != text.npos; at = text.find(" ["))
            text.erase(at, text.find(']', at) + 1 - at);
        return text;
    };
    added(by_reference(c));
    const std::string theirs = without_counters(rules());
    expect_deleted(args(c), masqueraded());
    output_of({"rm", "-r", "/var/lib/cni/networks"});
    // An empty legacy table is not in use.
    output_of({cat("iptables-", GetParam()), "-t", "nat", "-N", "FOREIGN"});
    added(args(c));
    EXPECT_EQ(without_counters(rules()), theirs);
}

TEST_P(BridgeMasqueradeSwitch, RunningContainersStayReachableAndAreChecked) {
    const Outside outside;
    const TestNetns theirs("theirs"), ours("ours");
    const json result = added(by_reference(theirs));
    added(args(ours));
    for (const TestNetns* c : {&theirs, &ours}) expect_masqueraded(outside, *c);
    const PluginRun run = call("CHECK", args(theirs), with_prev_result(result));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_TRUE(call("DEL", args(theirs), with_prev_result(result)).ok());
    expect_masqueraded(outside, ours);
    expect_deleted(args(ours), masqueraded());
}

// Theirs empties the chain that two interfaces share and fails; what is left has to go.
TEST_P(BridgeMasqueradeSwitch, OursCleansUpBehindTheirsWithTwoInterfaces) {
    const TestNetns c("c1");
    json second = masqueraded();
    second["ipam"].erase("routes");
    added(by_reference(c, "eth0"));
    const PluginRun run = call("ADD", by_reference(c, "eth1"), second);
    ASSERT_TRUE(run.ok()) << run.report();
    // Their rules do not say of which interface they are, and the container is not asked.
    second["prevResult"] = run.json();
    EXPECT_TRUE(call("DEL", args(c, "eth1"), second).ok());
    EXPECT_NE(rules().find("-s 10.1.2.2/32"), std::string::npos);
    EXPECT_EQ(rules().find("-s 10.1.2.3/32"), std::string::npos);
    expect_deleted(args(c, "eth0"), masqueraded());
}

}  // namespace
}  // namespace cni::test
