// What a container does inside makes the host take nothing that is not its own, nor give it a name
// that is not the device's.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class HostDeviceIdentity : public HostDeviceTest {
protected:
    /// The container hides what was lent in a namespace of its own, and puts what `commands` make
    /// in its place. DEL refuses that, and the host does not change.
    void expect_refused(const std::string& commands, const json& config) {
        SCOPED_TRACE(commands);
        const TestNetns c("c1"), deep("deep");
        add(c, config);
        if (forgets_) forget_records();
        shell(c, "ip link set eth0 netns deep name lent");
        shell(c, commands);
        const Snapshot before = host_snapshot();
        const PluginRun run = call("DEL", c, config);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr("failed to move \"eth0\" to hostNS: nothing "
                                                   "proves that it is"));
        EXPECT_THAT(run.error_code() > 0 ? run.json()["details"] : "",
                    HasSubstr("ip -n /run/netns/c1 link set eth0 netns 1 name "));
        EXPECT_EQ(host_snapshot().links, before.links);
        // As the message says.
        shell(c, "ip link delete eth0");
        deep.output_of({"ip", "link", "set", "lent", "netns", c.name(), "name", "eth0"});
        del(c, config);
        EXPECT_FALSE(link("uplink").is_null());
        EXPECT_THAT(leases(), ::testing::IsEmpty());
        shell("ip link set uplink up");
    }
    void expect_forgeries_refused() {
        for (const char* forged :
             {"ip link add eth0 type veth peer name x",
              "ip link add eth0 type veth peer name x netns deep",
              "ip link add x type veth peer name y; ip link add link x name eth0 type macvlan",
              "ip link add eth0 type bridge", "ip tuntap add eth0 mode tap"})
            expect_refused(cat(forged, "; ip link set eth0 alias uplink"), lending());
    }

    bool forgets_ = false;
};

TEST_F(HostDeviceIdentity, AForgedAliasIsRefused) {
    expect_forgeries_refused();
}

TEST_F(HostDeviceIdentity, AForgedAliasIsRefusedWithoutARecord) {
    forgets_ = true;
    expect_forgeries_refused();
    // The host shows it under no name but that of the device.
    const TestNetns c("c1");
    add(c, lending());
    forget_records();
    shell(c, "ip link set eth0 alias lan0");
    const PluginRun run = call("DEL", c, lending());
    EXPECT_EQ(run.error_message(),
              "failed to move \"eth0\" to hostNS: nothing proves that it is \"lan0\" of the host");
    for (const char* alias : {"..", "a/b", "sixteen-bytes-xx"}) {
        shell(c, cat("ip link set eth0 alias ", alias));
        EXPECT_EQ(call("DEL", c, lending({{"device", nullptr}})).error_code(), 999) << alias;
    }
    shell(c, "ip link set eth0 alias uplink");
    del(c, lending());
    EXPECT_FALSE(link("uplink").is_null());
}

// Index, MAC, name and alias are what the container says.
TEST_F(HostDeviceIdentity, APairOfTheContainersOwnIsNotTheHostsWhateverItsNumber) {
    const std::string index = cat(link("uplink")["ifindex"].get<int>());
    expect_refused(cat("ip link add eth0 index ", index,
                       " address 02:00:00:00:00:05 type veth peer name x netns deep; "
                       "ip link set eth0 alias uplink"),
                   lending());
}

// What connects the container to another network is not the device that was lent to it.
TEST_F(HostDeviceIdentity, TheEndOfAnotherNetworksPairIsNotTheHosts) {
    for (const bool forgets : {false, true}) {
        forgets_ = forgets;
        const TestNetns c("c1");
        const json pair = {{"name", "net2"}, {"cniVersion", "1.0.0"}, {"type", "bridge"}};
        EXPECT_TRUE(run_plugin("bridge", "ADD", args(c, "net2"), pair.dump()).ok());
        add(c, lending());
        if (forgets) forget_records();
        shell(c,
              "ip link set eth0 down; ip link set eth0 name lent; ip link set lent alias x;"
              "ip link set net2 down; ip link set net2 name eth0; ip link set eth0 alias uplink");
        const PluginRun run = call("DEL", c, lending());
        EXPECT_FALSE(link(c, "eth0").is_null()) << run.report();
        // With a record the device is found all the same.
        EXPECT_EQ(run.ok(), !forgets) << run.report();
        EXPECT_EQ(link("uplink").is_null(), forgets);
        if (!forgets) continue;
        shell(c,
              "ip link set eth0 name net2; ip link set net2 alias ''; "
              "ip link set lent name eth0; ip link set eth0 alias uplink");
        del(c, lending());
    }
}

// The kernel gives it another number when it comes back from elsewhere and its own is taken.
TEST_F(HostDeviceIdentity, IsFoundThoughItsNumberAndNameAreOthers) {
    const json before = device();
    const TestNetns c("c1"), deep("deep");
    add(c, lending());
    const std::string index = cat(link(c, "eth0")["ifindex"].get<int>());
    shell(c, cat("ip link set eth0 netns deep; ip link add x index ", index, " type bridge"));
    deep.output_of({"ip", "link", "set", "eth0", "netns", c.name(), "name", "hidden"});
    ASSERT_NE(link(c, "hidden")["ifindex"].get<int>(), parse_int<int>(index));
    del(c, lending());
    EXPECT_EQ(device(), before);
    EXPECT_FALSE(link(c, "x").is_null());
}

TEST_F(HostDeviceIdentity, OthersAreLeftAlone) {
    const TestNetns c("c1");
    shell(c, "ip link add eth0 type veth peer name x");
    const PluginRun run = call("DEL", c, lending());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("interface eth0 is not of the host: it is left alone"));
    EXPECT_FALSE(link(c, "eth0").is_null());
}

TEST_F(HostDeviceIdentity, WithoutARecordItIsFoundByItsAlias) {
    const TestNetns c("c1");
    add(c, lending());
    forget_records();
    shell(c, "ip link set eth0 down; ip link set eth0 name hidden");
    del(c, lending());
    EXPECT_FALSE(link("uplink").is_null());
    EXPECT_TRUE(link(c, "hidden").is_null());
}

// Both kept apart, though the kernel says the same of them.
TEST_F(HostDeviceIdentity, TwoDevicesOfOneKindComeBackAsThemselves) {
    shell("ip link add lan2 address 02:00:00:00:00:06 type veth peer name z netns outside");
    const json first = device(), second = device("lan2");
    const TestNetns c("c1");
    const json other = lending({{"device", "lan2"}, {"ipam", nullptr}});
    add(c, lending());
    add(c, other, "net2");
    shell(c,
          "ip link set eth0 down; ip link set net2 down; ip link set eth0 name x;"
          "ip link set net2 name eth0; ip link set x name net2");
    del(c, lending());
    EXPECT_EQ(device(), first);
    del(c, other, "net2");
    EXPECT_EQ(device("lan2"), second);
}

}  // namespace
}  // namespace cni::test
