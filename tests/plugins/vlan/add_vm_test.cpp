// The interfaces that the vlan plugin makes, and what it says when the kernel makes none.
#include "fixture.h"
#include "support/link_watch.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class VmVlanAdd : public VmVlanTest {
protected:
    /// The details of a failed ADD in another container than c1.
    std::string details_of_use(const json& config) const {
        const TestNetns other("other");
        const PluginRun run = call("ADD", other, config);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        const std::string master = config["master"];
        EXPECT_EQ(run.error_message(),
                  cat("failed to create vlan eth0 on ", master, ": File exists"));
        EXPECT_TRUE(link(other, "eth0").is_null());
        return run.json().value("details", "");
    }
};

TEST_F(VmVlanAdd, PrintsWhatItMade) {
    const TestNetns c("c1");
    const json result = add(c, network({{"cniVersion", "1.1.0"}, {"mtu", 1400}}));
    const json made = link(c, "eth0");
    EXPECT_EQ(
        result,
        json(
            {{"cniVersion", "1.1.0"},
             {"interfaces",
              {{{"name", "eth0"}, {"mac", made["address"]}, {"mtu", 1400}, {"sandbox", c.path()}}}},
             {"ips",
              {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}},
               {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 0}}}},
             {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    EXPECT_EQ(made["linkinfo"]["info_kind"], "vlan");
    EXPECT_EQ(made["address"], link("uplink")["address"]);
    EXPECT_EQ(made["mtu"], 1400);
    EXPECT_EQ(made["ifalias"], "cnixx:net1/c1/eth0");
    EXPECT_THAT(made["flags"], Contains("UP"));
    EXPECT_EQ(addresses(c), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("default via 10.1.2.1 dev eth0"));
    EXPECT_THAT(c.output_of({"ip", "-6", "route"}), HasSubstr("default via fd00:1:2::1 dev eth0"));
    expect_sound(c, network({{"mtu", 1400}}), result);
}

TEST_F(VmVlanAdd, IdAndProtocolAreAsAsked) {
    const TestNetns c("c1");
    const auto expect_settings = [&](const json& keys, int id, const char* protocol) {
        SCOPED_TRACE(keys.dump());
        const json config = network(keys), result = add(c, config);
        EXPECT_EQ(settings(c)["id"], id);
        EXPECT_EQ(settings(c)["protocol"], protocol);
        EXPECT_EQ(settings(c)["flags"], json({"REORDER_HDR"}));
        expect_sound(c, config, result);
        del(c, config);
    };
    for (const int id : {0, 1, 4094}) expect_settings({{"vlanId", id}}, id, "802.1Q");
    expect_settings({{"vlanId", nullptr}}, 0, "802.1Q");
    expect_settings({{"protocol", ""}}, 5, "802.1Q");
    expect_settings({{"protocol", "802.1Q"}}, 5, "802.1Q");
    expect_settings({{"protocol", "802.1q"}}, 5, "802.1Q");
    expect_settings({{"protocol", "802.1ad"}}, 5, "802.1ad");
}

TEST_F(VmVlanAdd, MakesTheInterfaceInItsPlaceAtOnce) {
    const TestNetns c("c1");
    const LinkWatch on_host(Netns::current()), inside(c.netns());
    add(c, network());
    EXPECT_THAT(on_host.names(), Each(Eq("uplink")));  // which the kernel tells of its features
    EXPECT_EQ(inside.names(), std::set<std::string>{"eth0"});
}

TEST_F(VmVlanAdd, TheMasterMayBeInTheContainer) {
    const TestNetns c("c1");
    shell("ip link add net0 up netns c1 type veth peer name wire");
    const json config = network({{"master", "net0"}, {"linkInContainer", true}});
    const json result = add(c, config);
    EXPECT_EQ(link(c, "eth0")["link"], "net0");
    expect_sound(c, config, result);
    del(c, config);
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_FALSE(link(c, "net0").is_null());
}

TEST_F(VmVlanAdd, SaysWhichContainerUsesTheId) {
    const TestNetns c("c1");
    const json result = add(c, network());
    EXPECT_THAT(details_of_use(network()),
                StartsWith("VLAN 5 of uplink is used by eth0 in /run/netns/c1 "
                           "(cnixx:net1/c1/eth0): an interface carries each VLAN once"));
    expect_sound(c, network(), result);
    EXPECT_THAT(leases(), ::testing::SizeIs(2)) << "of c1 alone";
    const TestNetns d("d1");
    add(d, network({{"vlanId", 6}}));
    del(d, network({{"vlanId", 6}}));
    add(d, network({{"protocol", "802.1ad"}}));
    del(d, network());
    del(c, network());
    add(d, network());
}

TEST_F(VmVlanAdd, SaysWhichInterfaceElsewhereUsesTheId) {
    shell("ip link add link uplink name uplink.5 type vlan id 5");
    EXPECT_THAT(details_of_use(network()), HasSubstr("is used by uplink.5 on the host: "));
    shell("ip link delete uplink.5");
    // Another VLAN; another master; others of the same number elsewhere, one of them on the host.
    const TestNetns third("third");
    shell(
        cat("ip link add link uplink name uplink.6 type vlan id 6;"
            "ip link add m1 type veth peer name x; ip link add link m1 name m1.5 type vlan id 5;"
            "ip -n third link add uplink index ",
            link("uplink")["ifindex"].get<int>(),
            " type veth peer name x; ip -n third link add link uplink name e5 type vlan id 5;"
            "ip -n third link set e5 netns $$; ip -n third link add link uplink name f5 type vlan "
            "proto 802.1ad id 5"));
    shell("touch /run/netns/a; mkfifo /run/netns/b");
    TestNetns hidden("hidden");
    shell("ip link add link uplink name eth7 netns hidden type vlan id 5");
    EXPECT_THAT(details_of_use(network()), HasSubstr("used by eth7 in /run/netns/hidden: "));
    hidden.unmount();
    EXPECT_THAT(details_of_use(network()),
                HasSubstr("used by an interface in a namespace that /run/netns does not show"));
}

TEST_F(VmVlanAdd, SaysThatTheContainerUsesTheIdItself) {
    const TestNetns c("c1");
    add(c, network());
    const PluginRun run = call("ADD", args(c, "eth1"), network());
    EXPECT_EQ(run.error_message(), "failed to create vlan eth1 on uplink: File exists");
    EXPECT_THAT(run.json()["details"].get<std::string>(),
                HasSubstr("is used by eth0 in the container (cnixx:net1/c1/eth0)"));
    shell(c,
          "ip link delete eth0; ip link add net0 up type veth peer name wire;"
          "ip link add link net0 name net0.5 type vlan id 5");
    const PluginRun inside =
        call("ADD", c, network({{"master", "net0"}, {"linkInContainer", true}}));
    EXPECT_THAT(inside.json()["details"].get<std::string>(),
                HasSubstr("VLAN 5 of net0 is used by net0.5 in the container: "));
}

TEST_F(VmVlanAdd, SaysThatTheMasterCannotCarryVlans) {
    const std::string details =
        expect_refused(network({{"master", "lo"}}), 999,
                       "failed to create vlan eth0 on lo: Operation not supported");
    EXPECT_THAT(details, StartsWith("lo cannot carry VLANs, or the kernel has no VLAN interfaces"));
    EXPECT_THAT(details, HasSubstr("VLANs not supported on device")) << "the kernel's own words";
}

// One that is left would keep the VLAN from everybody.
TEST_F(VmVlanAdd, AFailureLeavesTheIdToOthers) {
    const ScriptedIpam ipam;
    const TestNetns c("c1"), d("d1");
    ipam.answer(ipam_result({}));
    EXPECT_FALSE(call("ADD", c, scripted()).ok());
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    add(d, scripted());
}

TEST_F(VmVlanAdd, ItsMacFollowsThatOfTheMaster) {
    const TestNetns c("c1");
    add(c, network());
    shell("ip link set uplink address 02:00:00:00:00:55");
    EXPECT_EQ(mac(c), "02:00:00:00:00:55");
    EXPECT_TRUE(ping(c.netns(), "10.1.2.1"));
}

}  // namespace
}  // namespace cni::test
