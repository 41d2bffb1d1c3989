// The gateway of a VLAN, where the interface it is on was there before: its bridge was deleted, or
// others made it.
#include <gmock/gmock.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class VmBridgeVlanGateway : public VmTest, protected BridgeCalls {
protected:
    static json config() { return layer3({{"vlan", 5}}); }
    static PluginRun check(const TestNetns& container, const json& prev_result) {
        json with_record = config();
        with_record["prevResult"] = prev_result;
        return call("CHECK", args(container), with_record);
    }
    static void expect_reached(const TestNetns& container, const json& result) {
        for (const char* gateway : {"10.1.2.1", "fd00:1:2::1"})
            EXPECT_TRUE(ping(container.netns(), gateway)) << gateway;
        const PluginRun run = check(container, result);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static void expect_noticed(const TestNetns& container, const json& result,
                               const std::string& reason) {
        const PluginRun run = check(container, result);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(reason));
    }
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    static void make_bridge() {
        shell("ip link add cni0 type bridge vlan_filtering 1; ip link set cni0 up");
    }
};

TEST_F(VmBridgeVlanGateway, IsReachedAgainWhenTheBridgeWasDeleted) {
    const TestNetns a("a"), b("b");
    add(a, config());
    output_of({"ip", "link", "delete", "cni0"});
    ASSERT_FALSE(link("cni0.5").is_null());
    const json result = add(b, config());
    expect_reached(b, result);
    EXPECT_EQ(link(link("cni0.5")["link"])["master"], "cni0");
}

TEST_F(VmBridgeVlanGateway, IsReachedAgainWhenItsPortWasChanged) {
    const TestNetns a("a"), b("b");
    const json first = add(a, config());
    const std::string port = link("cni0.5")["link"];
    for (const auto& [change, reason] : std::vector<std::pair<std::string, std::string>>{
             {"ip link set $port nomaster", "is not a port of it"},
             {"ip link set $port down", "is down"},
             {"ip link set cni0.5 down", "cni0.5 is down"},
             {"bridge vlan delete dev $port vid 5", "does not carry VLAN 5 untagged"},
             {"bridge vlan add dev $port vid 5", "does not carry VLAN 5 untagged"},
             {"echo 0 > /proc/sys/net/ipv4/ip_forward", "does not forward IPv4"}}) {
        SCOPED_TRACE(change);
        shell(cat("port=", port, "; ", change));
        expect_noticed(a, first, reason);
        const json result = add(b, config());
        expect_reached(b, result);
        del(b, config());
    }
    shell("ip link set cni0 type bridge vlan_filtering 0");
    expect_noticed(a, first, "does not filter VLANs");
    shell("ip link delete cni0.5");
    const json result = add(b, config());
    expect_reached(b, result);
    expect_reached(a, first);
}

TEST_F(VmBridgeVlanGateway, MayBeOnAVlanInterfaceMadeByHand) {
    const TestNetns c("c1"), d("d1");
    make_bridge();
    shell("ip link add link cni0 name cni0.5 type vlan id 5");
    const json first = add(c, config());
    expect_reached(c, first);
    EXPECT_EQ(sysctl("net/ipv6/conf/cni0.5/accept_ra"), "0");
    shell("bridge vlan delete dev cni0 vid 5 self");
    expect_noticed(c, first, "the bridge itself is not a member of VLAN 5");
    expect_reached(d, add(d, config()));
}

TEST_F(VmBridgeVlanGateway, IsRefusedWhereNobodyWouldReachIt) {
    const std::string pair = "ip link add cni0.5 type veth peer name ";
    for (const auto& [made, reason] : std::vector<std::pair<std::string, std::string>>{
             {"ip link add link cni0 name cni0.5 type vlan id 7", "it is of VLAN 7"},
             {"ip link add cni1 type bridge; ip link set cni1 up; ip link add link cni1 name "
              "cni0.5 type vlan id 5",
              "it is a VLAN interface of something else"},
             {"ip link add link cni0 name cni0.5 type vlan id 5;"
              "bridge vlan add dev cni0 vid 5 pvid untagged self",
              "the bridge is an untagged member of VLAN 5"},
             {"ip link add cni0.5 type dummy", "it is of kind \"dummy\""},
             {pair + "mine", "the other end of its pair, mine, is not a port of it"},
             {"ip link add cni1 type bridge; " + pair +
                  "veth01234567; ip link set veth01234567 master cni1",
              "the other end of its pair, veth01234567, is a port of another bridge"},
             {pair + "eth1 netns c1", "the other end of its pair is not on the host"}}) {
        SCOPED_TRACE(made);
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        make_bridge();
        shell(cat(made, "; ip link set cni0.5 up"));
        const Snapshot before = host_snapshot();
        const PluginRun run = try_add(c, config());
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(),
                    AllOf(HasSubstr("interface \"cni0.5\" does not lead to VLAN 5 of bridge "
                                    "\"cni0\": "),
                          HasSubstr(reason)));
        EXPECT_EQ(host_snapshot().links, before.links);
        EXPECT_TRUE(leases().empty());
    }
}

// What the host is connected by.
TEST_F(VmBridgeVlanGateway, ForwardingLeavesHardwareAndVlansListening) {
    shell(
        "ip link add nic type bond; ip link add link nic name nic.3 type vlan id 3;"
        "ip link add quiet type dummy");
    const TestNetns c("c1");
    add(c, layer3());
    EXPECT_EQ(sysctl("net/ipv6/conf/nic/accept_ra"), "2");
    EXPECT_EQ(sysctl("net/ipv6/conf/nic.3/accept_ra"), "2");
    EXPECT_EQ(sysctl("net/ipv6/conf/quiet/accept_ra"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/lo/accept_ra"), "1");
}

}  // namespace
}  // namespace cni::test
