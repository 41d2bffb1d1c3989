// Kinds of links that most kernels have, made and read back.
#include "link_kinds.h"

namespace cni::test {
namespace {

class LinkKinds : public SandboxTest {};

TEST_F(LinkKinds, MacvlanIsMadeInTheContainer) {
    const TestNetns c("c1");
    Rtnl host, container = Rtnl::in(c.netns());
    const Link parent = make_parent(host);
    host.apply(add_link({.name = "eth0",
                         .mac = Mac::parse("02:00:00:00:00:09"),
                         .mtu = 1300,
                         .netns = &c.netns(),
                         .parent = parent.index,
                         .kind = Macvlan{.mode = Macvlan::Mode::vepa, .broadcast_queue = 1500}}));
    const Link made = container.get("eth0");
    EXPECT_FALSE(host.find("eth0"));
    EXPECT_EQ(made.mac.to_string(), "02:00:00:00:00:09");
    EXPECT_EQ(made.mtu, 1300U);
    EXPECT_EQ(made.parent.index, parent.index);
    EXPECT_TRUE(made.parent.is_elsewhere);
    EXPECT_EQ(made.parent.netnsid, container.find_nsid(Netns::current()));
    expect_kind(made, Macvlan{.mode = Macvlan::Mode::vepa, .broadcast_queue = 1500});
    const auto shown = shown_settings(c, "eth0");
    EXPECT_EQ(shown["mode"], "vepa");
    EXPECT_EQ(shown["bcqueuelen"], 1500);
}

// By its index there, and by the number that the container's namespace has for it.
TEST_F(LinkKinds, ParentMayBeInAThirdNamespace) {
    const TestNetns c("c1"), third("third");
    Rtnl host, there = Rtnl::in(third.netns()), container = Rtnl::in(c.netns());
    const Link parent = make_parent(there);
    c.output_of({"ip", "netns", "set", "third", "5"});
    host.apply(add_link({.name = "eth0",
                         .netns = &c.netns(),
                         .parent = parent.index,
                         .parent_netnsid = 5,
                         .kind = Macvlan{}}));
    const Link made = container.get("eth0");
    EXPECT_EQ(made.parent.index, parent.index);
    EXPECT_EQ(made.parent.netnsid, container.find_nsid(third.netns()));
    ASSERT_TRUE(made.is<Macvlan>());
    EXPECT_EQ(made.as<Macvlan>()->mode, Macvlan::Mode::bridge);
}

TEST_F(LinkKinds, VethTellsWhereItsPeerIs) {
    const TestNetns c("c1");
    Rtnl host, container = Rtnl::in(c.netns());
    const Link made =
        host.make_link({.name = "host0",
                        .mtu = 1400,
                        .alias = "a label",
                        .kind = Veth{.peer = {.name = "eth0", .mtu = 1400, .netns = &c.netns()}}});
    const Link eth0 = container.get("eth0");
    EXPECT_TRUE(made.is<Veth>());
    EXPECT_EQ(host.get("host0").alias, "a label");
    EXPECT_EQ(made.peer().index, eth0.index);
    EXPECT_TRUE(made.peer().is_elsewhere);
    EXPECT_EQ(eth0.peer().index, made.index);
    EXPECT_EQ(eth0.mtu, 1400U);
}

TEST_F(LinkKinds, BridgeAndItsPort) {
    Rtnl host;
    const Link bridge = host.make_link({.name = "br0", .kind = Bridge{}});
    expect_kind(bridge, Bridge{});
    EXPECT_FALSE(bridge.bridge_port);
    Link port = host.make_link(
        {.name = "port0", .master = bridge.index, .kind = Veth{.peer = {.name = "other0"}}});
    EXPECT_EQ(port.master, bridge.index);
    EXPECT_EQ(port.bridge_port, BridgePort{});
    host.apply(set_bridge_port(port, {.hairpin = true, .isolated = true}));
    EXPECT_EQ(host.get("port0").bridge_port, (BridgePort{.hairpin = true, .isolated = true}));
}

TEST_F(LinkKinds, IfbHasNoSettings) {
    Rtnl host;
    expect_kind(host.make_link({.name = "ifb7", .mtu = 1400, .kind = Ifb{}}), Ifb{});
    EXPECT_EQ(shown_kind("ifb7"), "ifb");
}

TEST_F(LinkKinds, TapIsReadOnly) {
    output_of({"ip", "tuntap", "add", "tap0", "mode", "tap", "multi_queue", "user", "0"});
    const Link tap = Rtnl().get("tap0");
    ASSERT_TRUE(tap.is<Tun>());
    EXPECT_TRUE(tap.as<Tun>()->is_tap);
    EXPECT_TRUE(tap.as<Tun>()->is_persistent);
    EXPECT_TRUE(tap.as<Tun>()->is_multi_queue);
    EXPECT_EQ(tap.as<Tun>()->owner, 0U);
    EXPECT_EQ(tap.as<Tun>()->group, std::nullopt);
    output_of({"ip", "tuntap", "add", "tun0", "mode", "tun"});
    EXPECT_FALSE(Rtnl().get("tun0").as<Tun>()->is_tap);
}

TEST_F(LinkKinds, OfTheMachineItselfHaveNoName) {
    EXPECT_EQ(Rtnl().get("lo").kind_name(), "");
}

}  // namespace
}  // namespace cni::test
