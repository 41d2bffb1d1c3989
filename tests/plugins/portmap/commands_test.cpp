// What becomes of port mappings: repeated, taken over, deleted without being told anything.
#include <gmock/gmock.h>

#include "support/fault.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Portmap : public EachWay {
protected:
    /// What a host is like whose first and only container has gone.
    Snapshot used_host() const {
        const Container c("first");
        map(c, {mapping(1, 1)});
        unmap(c);
        del(c.netns, layer3());
        return host_snapshot();
    }
    void expect_no_rules_besides(const Snapshot& before, const std::string& when) const {
        const Snapshot now = host_snapshot();
        EXPECT_EQ(now.nftables, before.nftables) << when;
        EXPECT_EQ(now.iptables, before.iptables) << when;
    }
    bool reaches(const std::string& address, int port, const Container& c) const {
        return connect(Netns::current(), address, port, c).answered;
    }
};

INSTANTIATE_TEST_SUITE_P(All, Portmap, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(Portmap, NothingIsDoneWithoutMappings) {
    const Container c("c1");
    const Snapshot before = host_snapshot();
    for (const char* command : {"ADD", "CHECK", "DEL"}) {
        const PluginRun run = portmap(command, c, {});
        EXPECT_TRUE(run.ok()) << command << ": " << run.report();
        EXPECT_EQ(host_snapshot(), before) << command;
    }
    map(c, {}, {{"runtimeConfig", nullptr}});
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_EQ(sysctl("net/ipv4/conf/cni0/route_localnet"), "0");
}

TEST_P(Portmap, DelFindsEverythingByTheAttachmentAlone) {
    const Snapshot before = used_host();
    const Container c("c1");
    map(c, {mapping(8080, 80), mapping(8081, 81, "udp"), mapping(8082, 82, "tcp", "10.1.2.1")});
    ASSERT_GT(count("8080"), 0u) << rules();
    unmap(c);
    expect_no_rules_besides(before, "after DEL");
    unmap(c);
}

/// Behind ptp, whose containers have an interface of the host each.
class PortmapCable : public Portmap {
protected:
    static json network() {
        return layer3({{"name", "net1"}, {"type", "ptp"}, {"isGateway", nullptr}});
    }
    PluginRun ptp(const std::string& command, const TestNetns& c) const {
        return run_plugin("ptp", command, args(c), network().dump());
    }
    /// Attaches it; returns the result.
    json attach(const TestNetns& c) const {
        const json result = ptp("ADD", c).json();
        const PluginRun run = call("ADD", args(c), config(result, {mapping(8080, 80)}));
        EXPECT_TRUE(run.ok()) << run.report();
        return result;
    }
    static std::string key_of(const json& result) {
        return cat("net/ipv4/conf/", cable_of(result), "/route_localnet");
    }
    static std::string cable_of(const json& result) { return result["interfaces"][0]["name"]; }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapCable, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapCable, LosesItsGuardOnDel) {
    const TestNetns c("c1");
    const json result = attach(c);
    ASSERT_TRUE(is_guarded(cable_of(result))) << guard();
    ASSERT_EQ(sysctl(key_of(result)), "1");
    for (int i = 0; i < 2; ++i) {
        const PluginRun run = call("DEL", args(c), config(result, {}));
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(guard(), "");
        EXPECT_EQ(sysctl(key_of(result)), "0");
    }
    EXPECT_TRUE(ptp("DEL", c).ok());
}

TEST_P(PortmapCable, ThatIsGoneLosesItsGuardOnGc) {
    const TestNetns gone("c1"), alive("c2");
    const json gone_result = attach(gone), result = attach(alive);
    ASSERT_TRUE(is_guarded(cable_of(gone_result)));
    EXPECT_TRUE(ptp("DEL", gone).ok());
    json valid = {{{"containerID", "c1"}, {"ifname", "eth0"}},
                  {{"containerID", "c2"}, {"ifname", "eth0"}}};
    const auto gc = [&] {
        const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}},
                                   {{"cniVersion", "1.1.0"},
                                    {"name", "net1"},
                                    {"type", "portmap"},
                                    {"cni.dev/valid-attachments", valid}});
        EXPECT_TRUE(run.ok()) << run.report();
    };
    gc();
    EXPECT_FALSE(is_guarded(cable_of(gone_result))) << guard();
    EXPECT_TRUE(is_guarded(cable_of(result))) << guard();
    // What belongs to no valid attachment goes whole.
    valid = json::array();
    gc();
    EXPECT_EQ(guard(), "");
    EXPECT_EQ(sysctl(key_of(result)), "0");
}

// As the interface of a bridge's VLAN is, that all its containers share.
TEST_P(PortmapCable, WithBothEndsOnTheHostKeepsItsGuard) {
    output_of({"sh", "-ec",
               "ip link add name br9 type bridge; ip link set br9 up;"
               "ip link add veth-vlan type veth peer name port; ip link set port master br9 up;"
               "ip link set veth-vlan up; ip address add 10.88.0.1/24 dev veth-vlan"});
    const TestNetns c("c1");
    output_of({"ip", "link", "add", "host-end", "master", "br9", "type", "veth", "peer", "name",
               "eth0", "netns", "c1"});
    json result = some_result();
    result["interfaces"].push_back({{"name", "host-end"}, {"mac", link("host-end")["address"]}});
    const json input = config(result, {mapping(8080, 80)});
    ASSERT_TRUE(call("ADD", args(c), input).ok());
    EXPECT_TRUE(call("DEL", args(c), input).ok());
    EXPECT_TRUE(is_guarded("veth-vlan")) << guard();
    EXPECT_EQ(sysctl("net/ipv4/conf/veth-vlan/route_localnet"), "1");
}

TEST_P(PortmapCable, GuardOfAnotherStays) {
    const TestNetns c("c1"), other("c2");
    const json mine = attach(c);
    const json result = attach(other);
    EXPECT_TRUE(call("DEL", args(c), config(result, {})).ok());
    EXPECT_FALSE(is_guarded(cable_of(mine))) << guard();
    EXPECT_TRUE(is_guarded(cable_of(result))) << guard();
}

TEST_P(Portmap, DelTakesAnyConfiguration) {
    const Snapshot before = used_host();
    const json nonsense[] = {{{"backend", "none"}},
                             {{"markMasqBit", 99}},
                             {{"conditionsV4", {"-nonsense"}}},
                             {{"prevResult", "none"}},
                             {{"runtimeConfig", {{"portMappings", {{{"hostPort", -1}}}}}}},
                             {{"backend", way() == Way::nftables ? "iptables" : "nftables"}}};
    for (const json& keys : nonsense) {
        const Container c("c1");
        map(c, {mapping(8080, 80)});
        const PluginRun run = portmap("DEL", c, {}, keys);
        EXPECT_TRUE(run.ok()) << keys << run.report();
        expect_no_rules_besides(before, keys.dump());
        del(c.netns, layer3());
    }
}

TEST_P(Portmap, AddingAgainReplacesWhatWasThere) {
    const Container c("c1");
    // Twice before it counts: what is shared comes first from then on.
    for (int i = 0; i < 2; ++i) map(c, {mapping(8080, 80), mapping(8081, 80)});
    const std::string twice = rules();
    map(c, {mapping(8080, 80), mapping(8081, 80)});
    EXPECT_EQ(rules(), twice);
    map(c, {mapping(8082, 80)});
    EXPECT_FALSE(reaches("10.1.2.1", 8080, c));
    EXPECT_TRUE(reaches("10.1.2.1", 8082, c));
    EXPECT_EQ(count("8080"), 0u) << rules();
}

TEST_P(Portmap, TheNewestContainerGetsThePort) {
    const Container first("c1"), second("c2");
    map(first, {mapping(8080, 80), mapping(8081, 80)});
    map(second, {mapping(8080, 80)});
    EXPECT_TRUE(reaches("10.1.2.1", 8080, second));
    EXPECT_TRUE(reaches("10.1.2.1", 8081, first));
    unmap(first);
    EXPECT_TRUE(reaches("10.1.2.1", 8080, second));
    EXPECT_TRUE(portmap("CHECK", second, {mapping(8080, 80)}).ok());
    EXPECT_EQ(count("8081"), 0u) << rules();
}

TEST_P(Portmap, TwoInterfacesOfOneContainerAreTwoAttachments) {
    const Container c("c1");
    const json second = add(c.netns, layer3(), "net1");
    map(c, {mapping(8080, 80)});
    const PluginRun run = call("ADD", args(c.netns, "net1"), config(second, {mapping(8081, 80)}));
    ASSERT_TRUE(run.ok()) << run.report();
    unmap(c, "net1");
    EXPECT_EQ(count("8081"), 0u) << rules();
    EXPECT_TRUE(portmap("CHECK", c, {mapping(8080, 80)}).ok());
    EXPECT_TRUE(reaches("10.1.2.1", 8080, c));
}

TEST_P(Portmap, AnotherBackendTakesOverFromTheFirst) {
    const Container c("c1");
    map(c, {mapping(8080, 80)});
    const std::string other = way() == Way::nftables ? "iptables" : "nftables";
    map(c, {mapping(8080, 80)}, {{"backend", other}});
    EXPECT_EQ(count("8080"), 0u) << rules();
    EXPECT_TRUE(reaches("10.1.2.1", 8080, c));
    EXPECT_TRUE(portmap("CHECK", c, {mapping(8080, 80)}, {{"backend", other}}).ok());
}

TEST_P(Portmap, GcRemovesWhatBelongsToNoValidAttachment) {
    const Container gone("c1"), alive("c2");
    map(gone, {mapping(8080, 80)});
    map(alive, {mapping(8081, 80)});
    json request = {{"cniVersion", "1.1.0"},
                    {"name", "net2"},
                    {"type", "portmap"},
                    {"cni.dev/valid-attachments", json::array()}};
    const auto gc = [&] {
        const PluginRun run = call("GC", args(alive.netns), request);
        EXPECT_TRUE(run.ok()) << run.report();
    };
    gc();  // of another network
    EXPECT_GT(count("8080"), 0u) << rules();
    request["name"] = "net1";
    request["cni.dev/valid-attachments"] = {{{"containerID", "c2"}, {"ifname", "eth0"}}};
    gc();
    EXPECT_EQ(count("8080"), 0u) << rules();
    EXPECT_TRUE(reaches("10.1.2.1", 8081, alive));
    request["cni.dev/valid-attachments"] = nullptr;
    gc();
    EXPECT_EQ(count("8081"), 0u) << rules();
}

TEST_P(Portmap, StatusSaysThatAnAddWouldSucceed) {
    const Container c("c1");
    const Snapshot before = host_snapshot();
    const PluginRun run = portmap("STATUS", c, {}, {{"cniVersion", "1.1.0"}});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(host_snapshot(), before);
}

// Packets go on where they went, whatever the rules say, unless the kernel forgets the flow.
TEST_P(Portmap, UdpAndSctpFlowsFollowTheMappings) {
    const Outside outside;
    const Container first("c1"), second("c2");
    for (const auto& [protocol, exchange] :
         {std::pair("udp", &exchange_udp), std::pair("sctp", &send_sctp)}) {
        const auto flows = [&, p = protocol] {
            return run({.argv = {"conntrack", "-L", "-p", p, "--orig-port-dst", "8080"}}).out;
        };
        const auto reaches = [&, e = exchange](const Container& c) {
            return e({.server = c.netns.netns(),
                      .address = c.address(),
                      .port = 80,
                      .client = outside.netns().netns(),
                      .target_address = "192.0.2.1",
                      .target_port = 8080})
                .answered;
        };
        map(first, {mapping(8080, 80, protocol)});
        ASSERT_TRUE(reaches(first)) << protocol;
        ASSERT_THAT(flows(), HasSubstr(first.address()));
        unmap(first);
        EXPECT_EQ(flows(), "");
        // One that began when there was no mapping.
        EXPECT_FALSE(reaches(second)) << protocol;
        EXPECT_THAT(flows(), HasSubstr("dport=8080"));
        map(second, {mapping(8080, 80, protocol)});
        EXPECT_EQ(flows(), "");
        EXPECT_TRUE(reaches(second)) << protocol;
        unmap(second);
    }
}

TEST_P(Portmap, AddKilledAnywhereLeavesNothingToTheNextDel) {
    const Snapshot before = used_host();
    const Container c("c1");
    const Mappings mappings{mapping(8080, 80), mapping(8081, 81, "udp")};
    const std::string input = config(c.result, mappings).dump();
    FaultSample(17).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        const auto injured =
            run_with_fault(plugin_program("portmap", "ADD", args(c.netns), input), fault);
        unmap(c);
        expect_no_rules_besides(before, describe(fault, injured));
        return injured.reached;
    });
}

TEST_P(Portmap, DelKilledAnywhereIsFinishedByTheNext) {
    const Snapshot before = used_host();
    const Container c("c1");
    const Mappings mappings{mapping(8080, 80), mapping(8081, 81, "udp")};
    const std::string input = config(c.result, {}).dump();
    FaultSample(23).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        map(c, mappings);
        const auto injured =
            run_with_fault(plugin_program("portmap", "DEL", args(c.netns), input), fault);
        unmap(c);
        expect_no_rules_besides(before, describe(fault, injured));
        return injured.reached;
    });
}

}  // namespace
}  // namespace cni::test
