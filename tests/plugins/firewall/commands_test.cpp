// What becomes of passages: repeated, taken over, deleted without being told anything.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FirewallCommands : public FirewallTest {
protected:
    /// Lets the box through as the reference plugin does, with the host's iptables.
    void let_through_unrecorded(const Box& box) const {
        for (const char family : both) {
            const std::string address = box.address(family) + (family == '4' ? "/32" : "/128");
            iptables(cat("-A CNI-FORWARD -d ", address,
                         " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
                     family);
            iptables(cat("-A CNI-FORWARD -s ", address, " -j ACCEPT"), family);
        }
    }
    std::size_t count_both(const Box& box) const {
        if (way() == Way::nftables) return count(box.address('4')) + count(box.address('6'));
        return count(box.address('4') + "/32") + count(box.address('6') + "/128", '6');
    }
    static json with_addresses_of(const Box& box, const json& keys = json::object()) {
        json out = {{"prevResult", box.result}};
        out.merge_patch(keys);
        return out;
    }
};

CNIXX_FIREWALL_WAYS(FirewallCommands, iptables_ways);

TEST_P(FirewallCommands, DelNeedsNothingButTheAttachment) {
    const Box c1("c1"), c2("c2");
    admit(c2);
    const std::string before4 = rules('4'), before6 = rules('6');
    admit(c1);
    dismiss(c1);
    EXPECT_EQ(rules('4'), before4);
    EXPECT_EQ(rules('6'), before6);
    dismiss(c1);
    EXPECT_EQ(fault(c2), "");
}

TEST_P(FirewallCommands, DelOfOneInterfaceLeavesTheOther) {
    const Box c1("c1"), other("c2");
    admit(c1);
    // Another interface of the container, another network of its.
    const auto call_for = [&](const char* command, const char* ifname, const char* network) {
        return this->call(command, args(c1.netns, ifname),
                          config(other, {{"name", network}, {"prevResult", other.result}}));
    };
    for (const auto& [ifname, network] : {std::pair("eth1", "net2"), std::pair("eth0", "net9")}) {
        EXPECT_TRUE(call_for("ADD", ifname, network).ok());
        dismiss(c1);
        EXPECT_EQ(count_both(c1), 0u) << rules();
        EXPECT_TRUE(call_for("CHECK", ifname, network).ok()) << ifname << rules();
        admit(c1);
        EXPECT_TRUE(call_for("DEL", ifname, network).ok());
        EXPECT_EQ(count_both(other), 0u) << rules();
        EXPECT_EQ(fault(c1), "");
    }
}

TEST_P(FirewallCommands, LateDelLeavesWhoGotTheAddress) {
    const Box gone("c1"), other("c2");
    admit(gone);
    // The address is given away before the container is deleted.
    const PluginRun added = call("ADD", args(other.netns), config(gone));
    ASSERT_TRUE(added.ok()) << added.report();
    for (const char* known : {"prevResult", "nothing"}) {
        const json keys =
            std::string_view(known) == "nothing" ? json{{"prevResult", nullptr}} : json::object();
        EXPECT_TRUE(firewall("DEL", gone, keys).ok());
        EXPECT_TRUE(call("CHECK", args(other.netns), config(gone)).ok()) << known << rules();
    }
    EXPECT_TRUE(call("DEL", args(other.netns), config(gone)).ok());
    EXPECT_EQ(count_both(gone), 0u) << rules();
}

TEST_P(FirewallCommands, WhatNobodyRecordedIsRemovedByAddress) {
    const Box c1("c1"), c2("c2");
    admit(c1);
    dismiss(c1);
    let_through_unrecorded(c1);
    let_through_unrecorded(c2);
    dismiss(c1);
    EXPECT_GT(count_both(c1), 0u) << "nothing tells of the address";
    EXPECT_TRUE(firewall("DEL", c1).ok());
    EXPECT_EQ(count_both(c1), 0u) << rules();
    EXPECT_EQ(fault(c2), "");
}

TEST_P(FirewallCommands, AnAddWithOtherAddressesReplacesThem) {
    const Box c1("c1"), c2("c2");
    admit(c1);
    const PluginRun again = firewall("ADD", c1, with_addresses_of(c2));
    ASSERT_TRUE(again.ok()) << again.report();
    EXPECT_EQ(count_both(c1), 0u) << rules();
    dismiss(c1);
    EXPECT_EQ(count_both(c2), 0u) << rules();
}

TEST_P(FirewallCommands, GcRemovesWhatIsNotValid) {
    const Box stale("c1"), valid("c2"), foreign("c3", 3);
    const json isolated = {{"ingressPolicy", "isolated"}};
    for (const Box* box : {&stale, &valid, &foreign}) admit(*box, isolated);
    gc(stale, {"c2"});
    EXPECT_EQ(count_both(stale), 0u) << rules();
    EXPECT_EQ(fault(valid, isolated), "");
    gc(stale, {});
    EXPECT_EQ(count_both(valid), 0u) << rules();
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(foreign, isolated), "");
}

TEST_P(FirewallCommands, NamesAreLongAndAlike) {
    const Box c1("c1");
    const std::string id(200, 'x'), network = std::string(100, 'n');
    PluginArgs first = args(c1.netns), second = args(c1.netns);
    first.container_id = id + "1";
    second.container_id = id + "2";
    const json keys = config(c1, {{"name", network}});
    EXPECT_TRUE(call("ADD", first, keys).ok());
    EXPECT_TRUE(call("ADD", second, keys).ok());
    EXPECT_TRUE(call("DEL", first, keys).ok());
    EXPECT_TRUE(call("CHECK", second, keys).ok()) << rules();
    EXPECT_TRUE(call("DEL", second, keys).ok());
    EXPECT_EQ(count_both(c1), 0u) << rules();
}

TEST_P(FirewallCommands, EveryAddressOfTheResultCounts) {
    const Box c1("c1");
    json result = c1.result;
    result["interfaces"].push_back({{"name", "eth1"}, {"sandbox", c1.netns.path()}});
    result["ips"].push_back({{"address", "10.77.0.2/24"}, {"interface", 3}});
    result["ips"].push_back({{"address", "10.78.0.2/24"}});
    result["ips"].push_back({{"address", "10.78.0.2/16"}});
    const PluginRun run = firewall("ADD", c1, {{"prevResult", result}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json(), result);
    EXPECT_GT(count("10.77.0.2"), 0u);
    EXPECT_GT(count("10.78.0.2"), 0u);
    dismiss(c1);
    EXPECT_EQ(count("10.7"), 0u) << rules();
}

TEST_P(FirewallCommands, WithoutAddressesNothingIsDone) {
    const Box c1("c1");
    json result = c1.result;
    result["ips"] = nullptr;
    for (const char* command : {"ADD", "CHECK", "DEL"})
        EXPECT_TRUE(firewall(command, c1, {{"prevResult", result}}).ok());
    EXPECT_EQ(rules('4') + rules('6'), "");
}

TEST_P(FirewallCommands, OtherWaysAreClearedToo) {
    // Whoever has used legacy tables goes on using them.
    if (way() == Way::iptables_legacy) return;
    const Box c1("c1"), c2("c2");
    const json isolated = {{"ingressPolicy", "isolated"}};
    admit(c1, isolated);
    admit(c2, isolated);
    const Way first = way();
    use(Way::iptables_legacy);
    EXPECT_EQ(fault(c1, isolated), "") << "still let through";
    admit(c1, isolated);
    EXPECT_EQ(fault(c1, isolated), "");
    const auto is_there = [&](Way there, const Box& box) {
        const char* flavour = there == Way::iptables_legacy ? "legacy" : "nft";
        std::string text;
        for (const char* program : {"iptables-", "ip6tables-"})
            text += output_of({cat(program, flavour), "-t", "filter", "-S"});
        return text.find(box.address('4') + "/") != text.npos ||
               text.find(box.address('6') + "/") != text.npos;
    };
    EXPECT_FALSE(is_there(first, c1)) << "ADD has moved it";
    EXPECT_TRUE(is_there(first, c2));
    for (const Box* box : {&c1, &c2}) {
        dismiss(*box);
        for (const Way each : {first, way()}) EXPECT_FALSE(is_there(each, *box));
    }
}

TEST_P(FirewallCommands, DelGoesOnWhateverTheConfigurationSays) {
    const Box c1("c1");
    for (const json& keys :
         {json{{"backend", "firewalld"}}, json{{"backend", "x"}}, json{{"ingressPolicy", "x"}},
          json{{"iptablesAdminChainName", 3}}, json{{"prevResult", "x"}}}) {
        admit(c1);
        const PluginRun run = firewall("DEL", c1, keys);
        // What is no result at all is no configuration.
        EXPECT_TRUE(run.ok() || keys.contains("prevResult")) << run.report();
        dismiss(c1);
        EXPECT_EQ(count_both(c1), 0u) << keys << rules();
    }
}

TEST_P(FirewallCommands, AFailedAddLeavesNothing) {
    const Box c1("c1"), c2("c2");
    admit(c2);
    // A chain of ip6tables where packets do not come.
    if (way() == Way::iptables_legacy) return;
    output_of({"nft", "delete", "table", "ip6", "filter"});
    output_of({"nft", "add", "table", "ip6", "filter"});
    output_of({"nft", "add", "chain", "ip6", "filter", "FORWARD"});
    const PluginRun run = firewall("ADD", c1);
    EXPECT_FALSE(run.ok());
    EXPECT_THAT(run.error_message(), HasSubstr("is not where iptables has it"));
    EXPECT_EQ(count(c1.address('4')), 0u) << rules();
}

TEST_P(FirewallCommands, StatusTriesTheKernel) {
    const PluginRun run = call(
        "STATUS", {.container_id = {}, .netns = {}, .ifname = {}},
        {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "firewall"}, {"backend", backend()}});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out + run.err, "");
}

}  // namespace
}  // namespace cni::test
