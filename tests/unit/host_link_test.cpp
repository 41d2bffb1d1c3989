#include "attach/host_link.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace cni {
namespace {

Link veth(const std::string& name, const Mac& mac, const std::string& alias = {}) {
    Link link;
    link.kind = Veth{};
    link.name = name;
    link.mac = mac;
    link.alias = alias;
    return link;
}

TEST(HostLink, IsDerivedFromNetworkContainerAndInterface) {
    const HostLink link = host_link("net1", {"c1", "eth0"}, 0);
    EXPECT_TRUE(is_name_of_host_link(link.name)) << link.name;
    EXPECT_EQ(host_link("net1", {"c1", "eth0"}, 0).mac, link.mac);
    EXPECT_FALSE(link.mac.is_multicast());
    for (const HostLink& other :
         {host_link("net2", {"c1", "eth0"}, 0), host_link("net1", {"c2", "eth0"}, 0),
          host_link("net1", {"c1", "eth1"}, 0), host_link("net1", {"c1", "eth0"}, 1)}) {
        EXPECT_NE(other.name, link.name);
        EXPECT_NE(other.mac, link.mac);
    }
}

// Both were looked for, and found among a hundred thousand.
TEST(HostLink, OfOneNameDifferInTheirMac) {
    const HostLink one = host_link("net1", {"box89788", "eth0"}, 0);
    const HostLink other = host_link("net1", {"box113633", "eth0"}, 0);
    ASSERT_EQ(one.name, other.name);
    EXPECT_NE(one.mac, other.mac);
}

TEST(HostLink, AliasSaysWhoseItIs) {
    EXPECT_EQ(host_link_alias("net1", {"c1", "eth0"}), "cnixx:net1/c1/eth0");
}

TEST(HostLink, AliasFitsWhateverTheLengths) {
    constexpr std::size_t most = 255;
    const std::string id(most - std::string_view("cnixx:net1//eth0").size(), 'a');
    EXPECT_EQ(host_link_alias("net1", {id, "eth0"}), cat("cnixx:net1/", id, "/eth0"));
    const std::string longer = id + "a";
    const std::string alias = host_link_alias("net1", {longer, "eth0"});
    EXPECT_LE(alias.size(), most);
    EXPECT_EQ(alias, host_link_alias("net1", {longer, "eth0"}));
    for (const std::string& other :
         {host_link_alias("net1", {longer + "a", "eth0"}),
          host_link_alias("net1", {longer, "eth1"}), host_link_alias("net2", {longer, "eth0"}),
          host_link_alias(std::string(300, 'n'), {"c1", "eth0"})}) {
        EXPECT_LE(other.size(), most);
        EXPECT_NE(other, alias);
    }
}

TEST(HostLink, IsOfTheNetworkThatItsAliasSays) {
    const HostLink made = host_link("net1", {"c1", "eth0"}, 3);
    for (const std::string& id : {std::string("c1"), std::string(250, 'a')}) {
        Link link = veth(made.name, made.mac, host_link_alias("net1", {id, "eth0"}));
        EXPECT_TRUE(is_host_link_of("net1", link));
        EXPECT_FALSE(is_host_link_of("net2", link));
        EXPECT_FALSE(is_host_link_of("net", link));
        link.kind = Dummy{};
        EXPECT_FALSE(is_host_link_of("net1", link));
    }
}

// Which set no alias, and made the MAC of network and name.
TEST(HostLink, OfVersion010IsKnownByItsMac) {
    const Mac mac = Mac::from_hash(sha512_hex("mac/net1/veth00000000"));
    EXPECT_TRUE(is_host_link_of("net1", veth("veth00000000", mac)));
    EXPECT_TRUE(is_host_link_of("net1", veth("veth00000000", mac, "frontend")));
    EXPECT_FALSE(is_host_link_of("net2", veth("veth00000000", mac)));
    EXPECT_FALSE(is_host_link_of("net1", veth("veth00000001", mac)));
    EXPECT_FALSE(is_host_link_of("net1", veth("veth00000000", mac, "cnixx:net2/c1/eth0")));
}

TEST(HostLink, NamesAreThoseOfTheReferencePlugins) {
    EXPECT_TRUE(is_name_of_host_link("veth0123abcd"));
    for (const char* name : {"veth0123abc", "veth0123abcde", "veth0123abcD", "uplink", "cni0.5", "",
                             "vethernet0123", "eth0"})
        EXPECT_FALSE(is_name_of_host_link(name)) << name;
}

}  // namespace
}  // namespace cni
