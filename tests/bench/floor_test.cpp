// The floor of the benchmark does what it is measured for: it attaches, and leaves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/bridge_fixture.h"
#include "support/traces.h"
#include "support/traffic.h"
#include "sys/sysctl.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Floor : public SandboxTest, protected BridgeCalls {
protected:
    static PluginRun call(const std::string& command, const TestNetns& container,
                          const json& config) {
        PluginArgs with = args(container, config["type"] == "loopback" ? "lo" : "eth0");
        with.path = with.executables = CNIXX_FLOOR_DIR;
        return run_plugin(config["type"], command, with, config.dump());
    }

    /// The network with what a runtime keeps for DEL.
    static json add(const TestNetns& container, json config) {
        const PluginRun run = call("ADD", container, config);
        EXPECT_TRUE(run.ok()) << run.report();
        if (run.ok()) config["prevResult"] = run.json();
        return config;
    }
    static void del(const TestNetns& container, const json& kept) {
        const PluginRun run = call("DEL", container, kept);
        EXPECT_TRUE(run.ok()) << run.report();
    }

    static json network(const char* type, const json& keys = json::object()) {
        json config = layer2({{"type", type},
                              {"bridge", "br0"},
                              {"isGateway", true},
                              {"ipam",
                               {{"type", "host-local"},
                                {"subnet", "10.1.2.0/24"},
                                {"dataDir", "/var/lib/cni/networks"},
                                {"routes", {{{"dst", "0.0.0.0/0"}}}}}}});
        config.merge_patch(keys);
        return config;
    }
};

class FloorPair : public Floor, public ::testing::WithParamInterface<const char*> {};

TEST_P(FloorPair, ConnectsContainersWithEachOtherAndTheHost) {
    const TestNetns a("a"), b("b");
    add(a, network(GetParam()));
    add(b, network(GetParam()));
    EXPECT_THAT(addresses(a), ElementsAre("10.1.2.2/24"));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
    EXPECT_TRUE(ping(a.netns(), "10.1.2.1"));
    EXPECT_TRUE(ping(a.netns(), "10.1.2.3"));
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.3"));
}

TEST_P(FloorPair, MasqueradesOnlyWhenItIsToldTo) {
    const Outside outside;
    const TestNetns a("a"), b("b");
    add(a, network(GetParam(), {{"ipMasq", true}}));
    EXPECT_TRUE(ping(a.netns(), outside.address()));
    add(b, network(GetParam()));
    EXPECT_FALSE(ping(b.netns(), outside.address()));
}

TEST_P(FloorPair, DelLeavesNothing) {
    const TestNetns first("first"), a("a");
    const json config = network(GetParam(), {{"ipMasq", true}});
    // It makes what all of them share.
    add(first, config);
    const Traces host = host_traces(), container = container_traces(a);
    const json kept = add(a, config);
    EXPECT_NE(difference(host, host_traces()), "");
    EXPECT_THAT(ruleset(), HasSubstr("10.1.2.3"));
    del(a, kept);
    EXPECT_EQ(difference(host, host_traces()), "");
    EXPECT_EQ(difference(container, container_traces(a)), "");
}

INSTANTIATE_TEST_SUITE_P(, FloorPair, ::testing::Values("bridge", "ptp"),
                         [](const auto& its) { return std::string(its.param); });

TEST_F(Floor, BridgeDoesWithoutAddresses) {
    const TestNetns first("first"), a("a");
    const json config = layer2({{"type", "bridge"}, {"bridge", "br0"}});
    add(first, config);
    const Traces host = host_traces();
    const json kept = add(a, config);
    EXPECT_THAT(addresses(a), ElementsAre());
    a.output_of({"ip", "address", "add", "10.1.2.2/24", "dev", "eth0"});
    first.output_of({"ip", "address", "add", "10.1.2.3/24", "dev", "eth0"});
    EXPECT_TRUE(ping(a.netns(), "10.1.2.3"));
    del(a, kept);
    EXPECT_EQ(difference(host, host_traces()), "");
}

TEST_F(Floor, BridgeTellsTheNeighbours) {
    const TestNetns first("first"), a("a");
    add(first, network("bridge"));
    // As of a container that had the address before.
    output_of({"sh", "-c", "ip neigh add 10.1.2.3 lladdr 02:00:00:00:00:99 dev br0 nud stale"});
    add(a, network("bridge"));
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.3"));
}

class FloorPortmap : public Floor {
protected:
    /// The network behind one of a bridge.
    static json add_mapping(const TestNetns& container, int host_port) {
        json mapped = network("portmap");
        mapped.erase("ipam");
        mapped["runtimeConfig"]["portMappings"] = {
            {{"hostPort", host_port}, {"containerPort", 80}, {"protocol", "tcp"}}};
        mapped["prevResult"] = add(container, network("bridge"))["prevResult"];
        return add(container, mapped);
    }
    static Exchange exchange(const TestNetns& server, const Netns& client, const Outside& outside) {
        return exchange_tcp({.server = server.netns(),
                             .address = "10.1.2.3",
                             .port = 80,
                             .client = client,
                             .target_address = outside.host_address(),
                             .target_port = 20001});
    }
};

TEST_F(FloorPortmap, LeadsEverybodyToTheContainer) {
    const Outside outside;
    const TestNetns first("first"), a("a");
    // Else what stays on the bridge is translated on its way across it.
    set_sysctl_if_present("net/bridge/bridge-nf-call-iptables", "0");
    add_mapping(first, 20000);
    add_mapping(a, 20001);
    const Netns host = Netns::current();
    for (const Netns* client : {&outside.netns().netns(), &host, &first.netns(), &a.netns()}) {
        const Exchange seen = exchange(a, *client, outside);
        EXPECT_TRUE(seen.answered) << seen.failure;
    }
}

TEST_F(FloorPortmap, DelLeavesNothingAndPassesTheResultOn) {
    const TestNetns first("first"), a("a");
    add_mapping(first, 20000);
    const std::string before = ruleset();
    const json kept = add_mapping(a, 20001);
    EXPECT_NE(ruleset(), before);
    EXPECT_EQ(kept["prevResult"]["ips"][0]["address"], "10.1.2.3/24");
    del(a, kept);
    EXPECT_EQ(ruleset(), before);
}

TEST_F(Floor, TuningSetsAndPutsBack) {
    const TestNetns a("a");
    const json made = add(a, network("bridge"));
    const Traces before = container_traces(a);
    json tuned = layer2(
        {{"type", "tuning"},
         {"mtu", 1400},
         {"dataDir", "/var/lib/cni/new/tuning"},
         {"sysctl", {{"net.core.somaxconn", "500"}, {"net.ipv4.conf.IFNAME.arp_filter", "1"}}}});
    tuned["prevResult"] = made["prevResult"];
    const json kept = add(a, tuned);
    EXPECT_EQ(kept["prevResult"], made["prevResult"]);
    EXPECT_EQ(link(a, "eth0")["mtu"], 1400);
    EXPECT_EQ(a.output_of({"sysctl", "-n", "net.core.somaxconn"}), "500\n");
    EXPECT_EQ(a.output_of({"sysctl", "-n", "net.ipv4.conf.eth0.arp_filter"}), "1\n");
    del(a, kept);
    EXPECT_EQ(difference(before, container_traces(a)), "");
    EXPECT_EQ(a.output_of({"sysctl", "-n", "net.core.somaxconn"}), "4096\n");
    EXPECT_EQ(output_of({"ls", "/var/lib/cni/new/tuning"}), "");
}

TEST_F(Floor, HostLocalKeepsLeasesAsThePluginDoes) {
    const TestNetns a("a");
    const json kept = add(a, network("host-local"));
    EXPECT_EQ(output_of({"cat", "/var/lib/cni/networks/net1/10.1.2.2"}), "a\r\neth0");
    EXPECT_EQ(output_of({"cat", "/var/lib/cni/networks/net1/last_reserved_ip.0"}), "10.1.2.2");
    del(a, kept);
    EXPECT_THAT(leases(), ElementsAre());
}

TEST_F(Floor, HostLocalGoesRoundAndPassesOverWhatIsTaken) {
    const TestNetns a("a"), b("b"), c("c");
    const json small = network("host-local", {{"ipam", {{"subnet", "10.1.2.0/29"}}}});
    output_of({"mkdir", "-p", "/var/lib/cni/networks/net1"});
    output_of({"sh", "-c", "printf 10.1.2.6 >/var/lib/cni/networks/net1/last_reserved_ip.0"});
    add(a, small);
    add(b, small);
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
    output_of({"sh", "-c", "printf 10.1.2.6 >/var/lib/cni/networks/net1/last_reserved_ip.0"});
    add(c, small);
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3", "10.1.2.4"));
}

TEST_F(Floor, LoopbackBringsLoUpAndDown) {
    const TestNetns a("a");
    const json kept = add(a, layer2({{"type", "loopback"}}));
    EXPECT_TRUE(ping(a.netns(), "127.0.0.1"));
    del(a, kept);
    EXPECT_FALSE(ping(a.netns(), "127.0.0.1"));
}

TEST_F(Floor, StaticHandsOutWhatItIsTold) {
    const TestNetns a("a");
    const json kept = add(
        a, layer2({{"type", "static"},
                   {"ipam", {{"type", "static"}, {"addresses", {{{"address", "10.1.2.3/24"}}}}}}}));
    EXPECT_EQ(kept["prevResult"]["ips"][0]["address"], "10.1.2.3/24");
}

TEST_F(Floor, FailsWithAnErrorObject) {
    const TestNetns a("a");
    add(a, network("bridge"));
    const PluginRun again = call("ADD", a, network("bridge"));
    EXPECT_EQ(again.error_code(), 999) << again.report();
    EXPECT_EQ(again.error_message(), "floor: make a pair: errno 17");
}

}  // namespace
}  // namespace cni::test
