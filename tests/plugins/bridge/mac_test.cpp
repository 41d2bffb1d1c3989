// The MAC of a bridge that was made by hand: what ADD does to it, and what CHECK says of it.
#include <gtest/gtest.h>

#include <memory>

#include "base/text.h"
#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

class BridgeMac : public BridgeTest {
protected:
    static std::string mac(const std::string& ifname) { return link(ifname)["address"]; }
    static void make_bridge() {
        output_of({"sh", "-ec", "ip link add cni0 type bridge; ip link set cni0 up"});
    }
    /// A port with this MAC; its other end has the name with an "x".
    static void add_port(const std::string& name, const std::string& address) {
        output_of({"ip", "link", "add", name, "address", address, "type", "veth", "peer", "name",
                   cat(name, "x")});
        output_of({"ip", "link", "set", name, "master", "cni0"});
    }
    static void remove_port(const std::string& name) { output_of({"ip", "link", "delete", name}); }
    static PluginRun check(const TestNetns& container, json config, const json& prev_result) {
        config["prevResult"] = prev_result;
        return call("CHECK", args(container), config);
    }
    static void expect_pinned(const std::string& address) {
        EXPECT_EQ(mac("cni0"), address);
        add_port("low", "02:00:00:00:00:00");
        EXPECT_EQ(mac("cni0"), address) << "with another port";
        remove_port("low");
        EXPECT_EQ(mac("cni0"), address) << "without it";
    }
    /// Higher than any that the plugin gives, so that a bridge that follows its ports changes.
    static constexpr const char* highest = "fe:ff:ff:ff:ff:ff";
};

TEST_F(BridgeMac, IsKeptFromTheFirstAddressOn) {
    make_bridge();
    const std::string before = mac("cni0");
    const TestNetns c("c1"), d("d1");
    const json result = add(c, layer3());
    EXPECT_EQ(result["interfaces"][0]["mac"], before);
    EXPECT_NE(mac(port_of(result)), before);
    expect_pinned(before);
    del(c, layer3());
    EXPECT_EQ(mac("cni0"), before);
    EXPECT_EQ(add(d, layer3())["interfaces"][0]["mac"], before);
}

TEST_F(BridgeMac, OfAPortIsKeptAsWell) {
    make_bridge();
    add_port("nic", highest);
    ASSERT_EQ(mac("cni0"), highest);
    const TestNetns c("c1");
    EXPECT_EQ(add(c, layer3())["interfaces"][0]["mac"], highest);
    expect_pinned(highest);
}

TEST_F(BridgeMac, IsKeptWhereTheBridgeHasAnAddressOfOthers) {
    using Strings = std::vector<std::string>;
    for (const Strings& its_own : {Strings{"10.1.2.1/24"}, Strings{"fd00:9::1/64"},
                                   Strings{"10.1.2.1/24", "fd00:1:2::1/64"}}) {
        SCOPED_TRACE(its_own.back());
        ASSERT_FALSE(enter_sandbox());
        make_bridge();
        add_port("nic", highest);
        for (const std::string& address : its_own)
            output_of({"ip", "address", "add", address, "dev", "cni0", "nodad"});
        const TestNetns c("c1");
        EXPECT_EQ(add(c, layer3())["interfaces"][0]["mac"], highest);
        expect_pinned(highest);
    }
}

TEST_F(BridgeMac, IsMadeWhereItWentWithTheLastPort) {
    make_bridge();
    add_port("nic", highest);
    remove_port("nic");
    ASSERT_EQ(mac("cni0"), "00:00:00:00:00:00");
    const TestNetns c("c1");
    const json result = add(c, layer3());
    const std::string made = mac("cni0");
    EXPECT_EQ(result["interfaces"][0]["mac"], made);
    EXPECT_NE(mac(port_of(result)), made);
    expect_pinned(made);
}

TEST_F(BridgeMac, IsOneForAllThatAreAddedAtTheSameTime) {
    make_bridge();
    add_port("nic", highest);
    remove_port("nic");
    std::vector<std::unique_ptr<TestNetns>> containers;
    std::vector<Process> running;
    for (int i = 0; i < 8; ++i) {
        containers.push_back(std::make_unique<TestNetns>(cat("c", i)));
        running.push_back(Process::start(
            plugin_program("bridge", "ADD", args(*containers.back()), layer3().dump())));
    }
    std::vector<json> results;
    for (Process& process : running) {
        const PluginRun run = wait_for_plugin(process);
        ASSERT_TRUE(run.ok()) << run.report();
        results.push_back(run.json());
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
        EXPECT_EQ(results[i]["interfaces"][0]["mac"], mac("cni0"));
        const PluginRun run = check(*containers[i], layer3(), results[i]);
        EXPECT_TRUE(run.ok()) << run.report();
    }
}

TEST_F(BridgeMac, IsTheBridgesOwnBusinessInLayer2) {
    make_bridge();
    add_port("nic", highest);
    const TestNetns c("c1");
    const json result = add(c, layer2());
    EXPECT_NE(mac("cni0"), highest) << "made by hand, it follows its ports";
    add_port("low", "02:00:00:00:00:00");
    ASSERT_NE(mac("cni0"), result["interfaces"][0]["mac"]);
    const PluginRun run = check(c, layer2(), result);
    EXPECT_TRUE(run.ok()) << run.report();
}

TEST_F(BridgeMac, FollowsItsPortsWhereItWasAddedToBeforeItWasPinned) {
    make_bridge();
    const TestNetns c("c1");
    json result = add(c, layer3());
    add_port("low", "02:00:00:00:00:00");
    // As if by one that left the MAC to the ports: the reference plugin does where the gateway's
    // address is there already.
    output_of({"ip", "link", "set", "cni0", "address", "02:00:00:00:00:00"});
    const PluginRun run = check(c, layer3(), result);
    EXPECT_TRUE(run.ok()) << run.report();
    remove_port("low");
    EXPECT_EQ(check(c, layer3(), result).error_code(), 999);
}

}  // namespace
}  // namespace cni::test
