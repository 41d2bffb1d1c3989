// Attachments whose names make the same text, or the same chain, and containers that tell lies:
// each keeps its own rules, and nothing stays when it is gone.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

/// "" stands for nftables.
class BridgeOwnership : public BridgeTest, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped() || program() != "iptables-legacy") return;
        for (const char* each : {"iptables-legacy", "ip6tables-legacy"})
            output_of({each, "-t", "nat", "-N", "FOREIGN"});
    }

    static std::string program() { return GetParam(); }

    static json masqueraded(const json& keys = json::object()) {
        json config = layer3({{"cniVersion", "1.1.0"}, {"ipMasq", true}});
        config["ipMasqBackend"] = program().empty() ? "nftables" : "iptables";
        config.merge_patch(keys);
        return config;
    }
    /// With other addresses, so that both can be reached by one host.
    static json other_network(const std::string& name) {
        return masqueraded(
            {{"name", name},
             {"bridge", "br1"},
             {"ipam",
              {{"ranges", {{{{"subnet", "10.1.9.0/24"}}}, {{{"subnet", "fd00:1:9::/64"}}}}}}}});
    }

    /// Rules of masquerading, of both families.
    static std::string rules() {
        std::string out;
        const std::string command =
            program().empty() ? "nft --stateless list ruleset | grep 'masquerade comment' || true"
                              : cat("(", program(), "-save -t nat; ip6", program().substr(2),
                                    "-save -t nat) | grep CNI- | sed 's/ \\[.*//' || true");
        return output_of({"sh", "-c", command});
    }
    static void del_without_netns(const std::string& id, const json& config,
                                  const std::string& ifname = "eth0") {
        const PluginRun run =
            call("DEL", {.container_id = id, .netns = "", .ifname = ifname}, config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static void expect_masqueraded(const Outside& outside, const TestNetns& c) {
        const Exchange v4 = exchange_tcp({.server = outside.netns().netns(),
                                          .address = outside.address(),
                                          .client = c.netns()}),
                       v6 = exchange_tcp({.server = outside.netns().netns(),
                                          .address = outside.address6(),
                                          .client = c.netns()});
        EXPECT_EQ(v4.peer_address, outside.host_address()) << v4.failure;
        EXPECT_EQ(v6.peer_address, outside.host_address6()) << v6.failure;
    }
    static void expect_checked(const TestNetns& c, json config, const json& result,
                               const std::string& ifname = "eth0") {
        config["prevResult"] = result;
        const PluginRun run = call("CHECK", args(c, ifname), config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, BridgeOwnership,
                         ::testing::Values("", "iptables-nft", "iptables-legacy"),
                         [](const auto& test) {
                             std::string name = *test.param ? test.param : "nftables";
                             std::erase(name, '-');
                             return name;
                         });

TEST_P(BridgeOwnership, NamesThatMakeOneTextAreTwoAttachments) {
    const Outside outside;
    const TestNetns victim("victim"), other("1victim");
    const json of_victim = masqueraded(), of_other = other_network("net");
    const json result = add(victim, of_victim);
    const std::string alone = rules();
    // Of one that was never there.
    del_without_netns("1victim", of_other);
    EXPECT_EQ(rules(), alone);

    const json others = add(other, of_other);
    expect_masqueraded(outside, victim);
    expect_masqueraded(outside, other);
    expect_checked(victim, of_victim, result);
    expect_checked(other, of_other, others);
    for (int i = 0; i < 2; ++i) del_without_netns("1victim", of_other);
    EXPECT_EQ(rules(), alone);
    expect_masqueraded(outside, victim);

    add(other, other_network("net"), "eth1");
    for (int i = 0; i < 2; ++i) del(victim, of_victim);
    for (const char* text : {"id: victim", "\"victim"})
        EXPECT_EQ(rules().find(text), std::string::npos) << rules();
    EXPECT_NE(rules().find("1victim"), std::string::npos) << rules();
    del(other, of_other, "eth1");
    EXPECT_EQ(rules(), "");
}

TEST_P(BridgeOwnership, AContainerCannotKeepItsRules) {
    const json config = masqueraded();
    const json second = masqueraded({{"ipam", {{"routes", nullptr}}}});
    const TestNetns c("c1");
    add(c, config);
    const std::string of_eth0 = rules();
    c.output_of({"ip", "link", "set", "lo", "up"});
    c.output_of({"ip", "address", "replace", "10.1.2.2/32", "dev", "lo"});
    del(c, config);
    EXPECT_EQ(rules(), "");

    // Another interface keeps its own, whoever goes first.
    for (const bool eth0_first : {true, false}) {
        const json one = add(c, config, "eth0"), two = add(c, second, "eth1");
        c.output_of({"ip", "address", "replace", address_of(one, '4') + "/32", "dev", "lo"});
        c.output_of({"ip", "address", "replace", address_of(two, '4') + "/32", "dev", "lo"});
        const std::string gone = eth0_first ? "eth0" : "eth1", kept = eth0_first ? "eth1" : "eth0";
        const json& result = eth0_first ? two : one;
        for (int i = 0; i < 2; ++i) del(c, config, gone);
        EXPECT_NE(rules().find(address_of(result, '4')), std::string::npos) << rules();
        EXPECT_EQ(rules().find(address_of(eth0_first ? one : two, '4')), std::string::npos);
        expect_checked(c, kept == "eth0" ? config : second, result, kept);
        del_without_netns("c1", config, kept);
        EXPECT_EQ(rules(), "");
    }
}

TEST_P(BridgeOwnership, GcTellsTheInterfacesOfAContainer) {
    const json config = masqueraded();
    const TestNetns c("c1");
    for (const char* valid : {"eth0", "eth1"}) {
        const json one = add(c, config, "eth0");
        const json two = add(c, masqueraded({{"ipam", {{"routes", nullptr}}}}), "eth1");
        json gc = config;
        gc["cni.dev/valid-attachments"] = {{{"containerID", "c1"}, {"ifname", valid}}};
        const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}}, gc);
        EXPECT_TRUE(run.ok()) << run.report();
        const bool is_eth0 = valid == std::string("eth0");
        EXPECT_NE(rules().find(address_of(is_eth0 ? one : two, '4')), std::string::npos) << rules();
        EXPECT_EQ(rules().find(address_of(is_eth0 ? two : one, '4')), std::string::npos) << rules();
        del(c, config, "eth0");
        del(c, config, "eth1");
        EXPECT_EQ(rules(), "");
    }
}

TEST_P(BridgeOwnership, LongIdsThatBeginAlikeAreTold) {
    const std::string start(300, 'x');
    const json config = masqueraded();
    const TestNetns a("a"), b("b");
    const auto args_of = [&](const TestNetns& c) {
        PluginArgs out = args(c);
        out.container_id = start + c.name();
        return out;
    };
    for (const TestNetns* c : {&a, &b}) {
        const PluginRun run = call("ADD", args_of(*c), config);
        ASSERT_TRUE(run.ok()) << run.report();
    }
    EXPECT_TRUE(call("DEL", args_of(a), config).ok());
    EXPECT_NE(rules().find("10.1.2.3"), std::string::npos) << rules();
    EXPECT_EQ(rules().find("10.1.2.2 "), std::string::npos) << rules();
    EXPECT_TRUE(call("DEL", args_of(b), config).ok());
    EXPECT_EQ(rules(), "");
}

// What the reference plugins make for two interfaces of one container.
TEST_P(BridgeOwnership, AChainOfTheReferenceIsSharedByAddresses) {
    if (program().empty()) return;
    const std::string chain = "CNI-c2d892b58e87e28a12fe6479";
    const std::string note = R"(-m comment --comment 'name: "net1" id: "c1"')";
    const auto make = [&] {
        output_of({"sh", "-c",
                   cat("set -e; t='", program(), " -t nat'; $t -N ", chain, "; $t -A ", chain,
                       " -d 10.1.2.0/24 ", note, " -j ACCEPT; $t -A ", chain, " ! -d 224.0.0.0/4 ",
                       note, " -j MASQUERADE; for a in 10.1.2.2 10.1.2.3; ",
                       "do $t -A POSTROUTING -s $a/32 ", note, " -j ", chain, "; done")});
    };
    const auto with_address = [&](const std::string& address) {
        return masqueraded({{"prevResult",
                             {{"cniVersion", "1.1.0"},
                              {"interfaces", json::array()},
                              {"ips", {{{"address", address + "/24"}}}}}}});
    };
    make();
    del_without_netns("c1", with_address("10.1.2.2"));
    EXPECT_EQ(rules().find("10.1.2.2/32"), std::string::npos) << rules();
    EXPECT_NE(rules().find("10.1.2.3/32"), std::string::npos) << rules();
    EXPECT_NE(rules().find("MASQUERADE"), std::string::npos) << rules();
    // Another network and container with the same text: they have no part in it.
    del_without_netns("1c1", masqueraded({{"name", "net"}}));
    EXPECT_NE(rules().find("10.1.2.3/32"), std::string::npos) << rules();
    del_without_netns("c1", with_address("10.1.2.3"), "eth1");
    EXPECT_EQ(rules(), "");
    // The reference plugins mix the rules of two whose names make one text.
    make();
    const std::string alone = rules();
    output_of({"sh", "-c",
               cat("set -e; t='", program(), " -t nat'; n='-m comment --comment '; ", "$t -A ",
                   chain, " -d 10.1.9.0/24 $n 'name: \"net\" id: \"1c1\"' -j ACCEPT; ",
                   "$t -A POSTROUTING -s 10.1.9.2/32 $n 'name: \"net\" id: \"1c1\"' -j ", chain)});
    EXPECT_NE(rules(), alone);
    del_without_netns("1c1", masqueraded({{"name", "net"}}));
    EXPECT_EQ(rules(), alone);
    del_without_netns("c1", masqueraded());
    // Without any record all that is the container's goes.
    make();
    del_without_netns("c1", masqueraded());
    EXPECT_EQ(rules(), "");
}

// "pod" with "b-eth0" and "pod-b" with "eth0" are one text to the reference plugins.
class BridgeSpoofOwnership : public BridgeTest {
protected:
    static json checked() { return layer2({{"cniVersion", "1.1.0"}, {"macspoofchk", true}}); }
    static std::string jumps() {
        return output_of(
            {"sh", "-c", "nft list chain bridge nat PREROUTING | grep iifname || true"});
    }
    static void expect_checked(const TestNetns& c, const json& result, const std::string& ifname) {
        json config = checked();
        config["prevResult"] = result;
        const PluginRun run = call("CHECK", args(c, ifname), config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
};

TEST_F(BridgeSpoofOwnership, NamesThatMakeOneTextAreTwoAttachments) {
    const TestNetns pod("pod"), pod_b("pod-b");
    const json one = add(pod_b, checked(), "eth0"), two = add(pod, checked(), "b-eth0");
    expect_checked(pod_b, one, "eth0");
    expect_checked(pod, two, "b-eth0");
    EXPECT_NE(jumps().find(port_of(one)), std::string::npos) << jumps();
    EXPECT_NE(jumps().find(port_of(two)), std::string::npos) << jumps();
    for (int i = 0; i < 2; ++i) del(pod, checked(), "b-eth0");
    expect_checked(pod_b, one, "eth0");
    EXPECT_EQ(jumps().find(port_of(two)), std::string::npos) << jumps();

    const json again = add(pod, checked(), "b-eth0");
    for (int i = 0; i < 2; ++i) del(pod_b, checked(), "eth0");
    expect_checked(pod, again, "b-eth0");
    EXPECT_EQ(jumps().find(port_of(one)), std::string::npos) << jumps();
    del(pod, checked(), "b-eth0");
    EXPECT_EQ(jumps(), "");
    EXPECT_EQ(ruleset().find("cni-br-iface"), std::string::npos) << ruleset();
}

TEST_F(BridgeSpoofOwnership, GcKeepsTheOneThatIsValid) {
    const TestNetns pod("pod"), pod_b("pod-b");
    const json one = add(pod_b, checked(), "eth0"), two = add(pod, checked(), "b-eth0");
    json gc = checked();
    gc["cni.dev/valid-attachments"] = {{{"containerID", "pod"}, {"ifname", "b-eth0"}}};
    const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}}, gc);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(jumps().find(port_of(one)), std::string::npos) << jumps();
    expect_checked(pod, two, "b-eth0");
}

// A port of another name, as the reference plugins choose it at random: prevResult tells it, and if
// there is none, that the port is gone.
TEST_F(BridgeSpoofOwnership, ChecksOfTheReferenceAreRemoved) {
    const TestNetns c("c1"), other("other");
    for (const bool has_result : {true, false}) {
        json result = add(c, checked());
        const std::string port = port_of(result);
        output_of({"ip", "link", "set", port, "down"});
        output_of({"ip", "link", "set", port, "name", "veth0123abcd", "alias", ""});
        output_of({"sh", "-c",
                   cat("nft list ruleset | sed s/", port,
                       "/veth0123abcd/ > /run/rules; nft flush ruleset; nft -f /run/rules")});
        result["interfaces"][1]["name"] = "veth0123abcd";
        json config = checked();
        if (has_result) config["prevResult"] = result;
        del(c, config);
        EXPECT_EQ(ruleset().find("cni-br-iface"), std::string::npos) << ruleset();
    }
}

}  // namespace
}  // namespace cni::test
