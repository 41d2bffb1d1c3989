// What ADD makes for each key, CHECK says of it and DEL leaves of it: nothing.
#include "fixture.h"
#include "support/link_watch.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class VmIpvlanAdd : public VmIpvlan {};

TEST_F(VmIpvlanAdd, PrintsTheInterfaceAndWhatIpamSaid) {
    const TestNetns c("c1");
    const LinkWatch here(Netns::current()), there(c.netns());
    const json config = network({{"cniVersion", "1.1.0"}, {"mtu", 1400}, {"isolation", "vepa"}});
    const json result = add(c, config);
    EXPECT_EQ(
        result,
        json({{"cniVersion", "1.1.0"},
              {"interfaces",
               {{{"name", "eth0"}, {"mac", shared_mac()}, {"mtu", 1400}, {"sandbox", c.path()}}}},
              {"ips",
               {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}},
                {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 0}}}},
              {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    const json made = link(c, "eth0");
    EXPECT_EQ(made["mtu"], 1400);
    EXPECT_EQ(made["ifalias"], "cnixx:net1/c1/eth0");
    EXPECT_THAT(made["flags"], Contains("UP"));
    EXPECT_EQ(made["linkinfo"]["info_kind"], "ipvlan");
    EXPECT_EQ(settings(c)["mode"], "l2");
    EXPECT_EQ(isolation(c), "vepa");
    // Under its name from the first moment on, and never on the host.
    EXPECT_THAT(here.names(), ::testing::IsSubsetOf({"uplink"}));
    EXPECT_THAT(there.names(), ::testing::ElementsAre("eth0"));
    expect_sound(c, config, result);
}

TEST_F(VmIpvlanAdd, HasTheModeAndTheIsolationThatAreAskedFor) {
    for (const char* mode : {"l2", "l3", "l3s", ""})
        for (const char* wanted : {"bridge", "private", "vepa", ""}) {
            const TestNetns c("c1");
            const json config = network({{"mode", mode}, {"isolation", wanted}});
            const json result = add(c, config);
            EXPECT_EQ(settings(c)["mode"], *mode ? mode : "l2");
            EXPECT_EQ(isolation(c), *wanted ? wanted : "bridge");
            expect_sound(c, config, result);
            del(c, config);
        }
}

TEST_F(VmIpvlanAdd, LeavesTheMtuToTheKernel) {
    shell("ip link set uplink mtu 1450");
    for (const int mtu : {0, -1}) {
        const TestNetns c("c1");
        add(c, network({{"mtu", mtu}}));
        EXPECT_EQ(link(c, "eth0")["mtu"], 1450);
        del(c, network());
    }
}

TEST_F(VmIpvlanAdd, WithoutAMasterIsOnTheInterfaceOfTheDefaultRoute) {
    shell("ip route add default via 10.1.2.1 dev uplink");
    const TestNetns c("c1");
    const json config = network({{"master", nullptr}});
    const json result = add(c, config);
    EXPECT_TRUE(ping(c.netns(), outside().address()));
    expect_sound(c, config, result);
    // And it is deleted when the host has none.
    shell("ip route delete default");
    del(c, config);
    EXPECT_FALSE(has_interface(c));
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(VmIpvlanAdd, MayBeOnAnInterfaceInTheContainer) {
    const TestNetns c("c1");
    shell(
        "ip link add wire type veth peer name net0 netns c1;"
        "ip -n c1 link set net0 up; ip link set wire up");
    json config = network({{"master", "net0"}, {"linkInContainer", true}});
    const json result = add(c, config);
    EXPECT_EQ(link(c, "eth0")["link"], "net0");
    expect_sound(c, config, result);
    EXPECT_EQ(call("ADD", c, config).error_message(), "failed to create ipvlan eth0: File exists");
    del(c, config);
    EXPECT_FALSE(has_interface(c));
    EXPECT_FALSE(link(c, "net0").is_null());
}

TEST_F(VmIpvlanAdd, MayBeOnAnIpvlan) {
    shell("ip link add link uplink name own up type ipvlan mode l2");
    const TestNetns c("c1");
    const json config = network({{"master", "own"}});
    const json result = add(c, config);
    EXPECT_TRUE(ping(c.netns(), outside().address()));
    expect_sound(c, config, result);
}

TEST_F(VmIpvlanAdd, TakesTheAddressesOfAPluginBeforeIt) {
    for (const char* master : {"", "uplink"}) {
        const TestNetns c("c1");
        json config = network({{"ipam", nullptr}, {"master", master}});
        config["prevResult"] = {
            {"cniVersion", "1.0.0"},
            {"interfaces", {{{"name", "uplink"}, {"mac", shared_mac()}}, {{"name", ""}}}},
            {"ips", {{{"address", "10.1.2.5/24"}, {"gateway", "10.1.2.1"}, {"interface", 1}}}},
            {"routes", {{{"dst", "10.6.0.0/16"}}}},
            {"dns", {{"nameservers", {"10.1.2.1"}}}}};
        const json result = add(c, config);
        EXPECT_EQ(
            result,
            json(
                {{"cniVersion", "1.0.0"},
                 {"interfaces", {{{"name", "eth0"}, {"mac", shared_mac()}, {"sandbox", c.path()}}}},
                 {"ips", {{{"address", "10.1.2.5/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}}}},
                 {"routes", {{{"dst", "10.6.0.0/16"}}}},
                 {"dns", {{"nameservers", {"10.1.2.1"}}}}}));
        EXPECT_EQ(addresses(c), std::vector<std::string>{"10.1.2.5/24"});
        EXPECT_TRUE(ping(c.netns(), outside().address()));
        expect_sound(c, config, result);
        del(c, config);
        EXPECT_FALSE(has_interface(c));
    }
}

// A result without interfaces, as the oldest versions have it, and IPAM all the same.
TEST_F(VmIpvlanAdd, AsksIpamWhereThereIsOneWhateverCameBefore) {
    const TestNetns c("c1");
    const json before = {{"cniVersion", "0.2.0"}, {"ip4", {{"ip", "10.1.2.77/24"}}}};
    const json config = network({{"cniVersion", "0.2.0"}, {"prevResult", before}});
    EXPECT_EQ(add(c, config)["ip4"]["ip"], "10.1.2.2/24");
    del(c, config);
    json without = config;
    without.erase("ipam");
    EXPECT_EQ(add(c, without)["ip4"]["ip"], "10.1.2.77/24");
}

TEST_F(VmIpvlanAdd, SaysThatAMasterIsDownAndWhatDhcpNeeds) {
    const TestNetns c("c1");
    shell("ip link set uplink down");
    const PluginRun run = call("ADD", c, network());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("master uplink is down"));
    const ScriptedIpam ipam;
    shell("cp /mnt/scripted /mnt/dhcp");
    const TestNetns d("d1");
    const PluginRun with_dhcp = call("ADD", d, network({{"ipam", {{"type", "dhcp"}}}}));
    EXPECT_FALSE(with_dhcp.ok());
    EXPECT_THAT(with_dhcp.err, HasSubstr("by their client identifiers"));
}

class VmIpvlanError : public VmIpvlan {};

TEST_F(VmIpvlanError, TellsWhatKeepsTheMasterFromHavingIpvlans) {
    const std::string busy = "failed to create ipvlan eth0 on uplink: Device or resource busy";
    shell("ip link add link uplink name mac0 type macvlan");
    EXPECT_THAT(expect_refused(network(), 999, busy),
                HasSubstr("uplink has macvlan interfaces or is a port"));
    shell("ip link delete mac0; ip link add br0 type bridge; ip link set uplink master br0");
    expect_refused(network(), 999, busy);
    EXPECT_THAT(expect_refused(network({{"master", "lo"}}), 999,
                               "failed to create ipvlan eth0 on lo: Invalid argument"),
                HasSubstr("lo must be an Ethernet interface"));
}

TEST_F(VmIpvlanError, KeepsMacvlansFromTheMasterWhichTheySay) {
    const TestNetns first("first"), c("c1");
    add(first, network());
    const PluginRun run =
        run_plugin("macvlan", "ADD", args(c), network({{"type", "macvlan"}}).dump());
    EXPECT_EQ(run.error_message(),
              "failed to create macvlan eth0 on uplink: Device or resource busy");
    EXPECT_THAT(run.out, HasSubstr("uplink has ipvlan interfaces"));
}

TEST_F(VmIpvlanError, IsolationIsNotTakenFromSiblings) {
    const TestNetns first("first");
    const json config = network({{"isolation", "private"}});
    const json result = add(first, config);
    EXPECT_THAT(expect_refused(network({{"isolation", "bridge"}}), 999,
                               "the interfaces on master uplink have isolation private, not "
                               "bridge"),
                HasSubstr("all of a master have the same"));
    const TestNetns c("c1");
    add(c, network());
    EXPECT_EQ(isolation(c), "private");
    expect_sound(first, config, result);
}

TEST_F(VmIpvlanError, AnAddressThatASiblingHasIsRefused) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns first("first");
    add(first, scripted());
    expect_refused(scripted(), 999,
                   "failed to add IP addr 10.1.2.2/24 to \"eth0\": Address already in use");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

class VmIpvlanCheck : public VmIpvlan {
protected:
    json full() const {
        return network({{"cniVersion", "1.1.0"}, {"mtu", 1400}, {"isolation", "private"}});
    }
    json full(const json& keys) const {
        json config = full();
        config.merge_patch(keys);
        return config;
    }
};

TEST_F(VmIpvlanCheck, NoticesAnotherModeAndIsolation) {
    expect_noticed(full(), "ip link set eth0 type ipvlan mode l3",
                   "Container IPVlan mode l3 does not match expected value: l2");
    expect_noticed(full(), "ip link set eth0 type ipvlan mode l2 bridge",
                   "Container IPVlan isolation bridge does not match expected value: private");
}

TEST_F(VmIpvlanCheck, NamesTheMasterAndTheMacThatItHas) {
    const TestNetns c("c1");
    shell("ip link add other up type veth peer name x");
    const json result = add(c, full());
    expect_fault(c, full({{"master", "other"}}), result,
                 "interface eth0 is on uplink instead of other");
    expect_fault(c, full({{"master", nullptr}}), result, "no default route interface found");
    shell("ip link set uplink address 02:00:00:00:00:08");
    expect_fault(c, full(), result, "doesn't match container Mac: 02:00:00:00:00:08");
}

// What made the siblings' mode another one.
TEST_F(VmIpvlanCheck, NoticesThatASiblingHasChangedTheMode) {
    const TestNetns c("c1"), d("d1");
    const json result = add(c, full());
    add(d, network({{"mode", "l3"}}));
    const PluginRun run = check(c, full(), result);
    EXPECT_THAT(run.out, HasSubstr("all interfaces of a master have the mode of the last one"));
}

class VmIpvlanDel : public VmIpvlan {};

// All of them have one MAC.
TEST_F(VmIpvlanDel, TakesItsOwnWhateverItIsCalled) {
    const TestNetns c("c1");
    add(c, network());
    add(c, network(), "net1");
    shell(c,
          "ip link set eth0 down; ip link set net1 down; ip link set eth0 name x;"
          "ip link set net1 name eth0; ip link set x name net1");
    const PluginRun run = call("DEL", c, network());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(link(c, "eth0")["ifalias"], "cnixx:net1/c1/net1");
    EXPECT_TRUE(link(c, "net1").is_null());
    EXPECT_THAT(leases(), SizeIs(2));
}

class VmIpvlanStatus : public VmIpvlan {};

TEST_F(VmIpvlanStatus, IsFineAndLeavesNoTrace) {
    const Snapshot before = host_snapshot();
    for (const json& config :
         {network({{"mtu", 1400}, {"isolation", "private"}}), network({{"mode", "l3s"}}),
          network({{"ipam", nullptr}, {"master", nullptr}}),
          network({{"master", nullptr}, {"linkInContainer", true}})}) {
        const PluginRun run = call("STATUS", config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
    }
    EXPECT_EQ(host_snapshot(), before);
}

class VmIpvlanSwitchover : public VmIpvlan {
protected:
    void SetUp() override {
        if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
        VmIpvlan::SetUp();
    }
    std::vector<json> configs() const {
        return {network({{"mode", "l3"}, {"mtu", 1400}}), network()};
    }
};

TEST_F(VmIpvlanSwitchover, WhatTheReferencePluginMadeIsCheckedAndDeleted) {
    for (const json& config : configs()) {
        const TestNetns c("c1");
        const PluginRun run = reference("ADD", c, config);
        ASSERT_TRUE(run.ok()) << run.report();
        expect_sound(c, config, run.json());
        del(c, recorded(config, run.json()));
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
    }
}

TEST_F(VmIpvlanSwitchover, TheReferencePluginChecksAndDeletesWhatIsMadeHere) {
    for (const json& config : configs()) {
        const TestNetns c("c1");
        const json result = add(c, config);
        for (const char* command : {"CHECK", "DEL", "DEL"}) {
            const PluginRun run = reference(command, c, recorded(config, result));
            EXPECT_TRUE(run.ok()) << command << run.report();
        }
        EXPECT_FALSE(has_interface(c));
        EXPECT_THAT(leases(), IsEmpty());
    }
}

}  // namespace
}  // namespace cni::test
