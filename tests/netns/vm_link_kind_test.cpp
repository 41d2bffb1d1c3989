// Kinds of links that not every kernel has, made and read back.
#include "link_kinds.h"

namespace cni::test {
namespace {

class VmLinkKinds : public VmTest {};

TEST_F(VmLinkKinds, IpvlanKeepsItsSettings) {
    const TestNetns c("c1");
    Rtnl host, container = Rtnl::in(c.netns());
    const Link parent = make_parent(host);
    const Ipvlan wanted{.mode = Ipvlan::Mode::l3s, .isolation = Ipvlan::Isolation::vepa};
    host.apply(
        add_link({.name = "eth0", .netns = &c.netns(), .parent = parent.index, .kind = wanted}));
    const Link made = container.get("eth0");
    expect_kind(made, wanted);
    EXPECT_EQ(made.parent.index, parent.index);
    EXPECT_TRUE(made.parent.is_elsewhere);
    EXPECT_EQ(shown_settings(c, "eth0")["mode"], "l3s");
    // A sibling that asks for nothing leaves the isolation as it is.
    host.apply(add_link({.name = "eth1",
                         .netns = &c.netns(),
                         .parent = parent.index,
                         .kind = Ipvlan{.mode = Ipvlan::Mode::l3s}}));
    expect_kind(container.get("eth0"), wanted);
}

TEST_F(VmLinkKinds, VlanKeepsItsSettings) {
    const TestNetns c("c1");
    Rtnl host, container = Rtnl::in(c.netns());
    const Link parent = make_parent(host);
    const Vlan plain{.id = 5}, service{.id = 4094, .protocol = Vlan::Protocol::ieee_802_1ad};
    host.apply(
        add_link({.name = "eth0", .netns = &c.netns(), .parent = parent.index, .kind = plain}),
        add_link({.name = "eth1", .netns = &c.netns(), .parent = parent.index, .kind = service}));
    expect_kind(container.get("eth0"), plain);
    expect_kind(container.get("eth1"), service);
    EXPECT_EQ(container.get("eth1").parent.index, parent.index);
    EXPECT_EQ(shown_settings(c, "eth0")["protocol"], "802.1Q");
    EXPECT_EQ(shown_settings(c, "eth1")["protocol"], "802.1ad");
}

TEST_F(VmLinkKinds, VrfHasATableAndPorts) {
    Rtnl host;
    const Vrf wanted{.table = 4000000000};
    const Link vrf = host.make_link({.name = "vrf0", .kind = wanted});
    expect_kind(vrf, wanted);
    const Link port = host.make_link({.name = "port0", .master = vrf.index, .kind = Dummy{}});
    EXPECT_EQ(port.master, vrf.index);
    EXPECT_FALSE(port.bridge_port);
    EXPECT_THROW(host.make_link({.name = "vrf1", .kind = Vrf{}}), NlError);
}

TEST_F(VmLinkKinds, DummyIsMadeInTheContainer) {
    const TestNetns c("c1");
    Rtnl().apply(add_link({.name = "eth0", .mtu = 1400, .netns = &c.netns(), .kind = Dummy{}}));
    const Link made = Rtnl::in(c.netns()).get("eth0");
    expect_kind(made, Dummy{});
    EXPECT_EQ(made.mtu, 1400U);
}

TEST_F(VmLinkKinds, BridgeThatFiltersVlans) {
    Rtnl host;
    const Link made = host.make_link({.name = "br0", .kind = Bridge{.vlan_filtering = true}});
    expect_kind(made, Bridge{.vlan_filtering = true});
    const Link plain = host.make_link({.name = "br1", .kind = Bridge{}});
    host.apply(set_vlan_filtering(plain));
    expect_kind(host.get("br1"), Bridge{.vlan_filtering = true});
}

}  // namespace
}  // namespace cni::test
