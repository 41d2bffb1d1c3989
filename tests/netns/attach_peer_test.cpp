// Which link of the host leads to an attachment.
#include <gtest/gtest.h>

#include "attach/peer.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni {
namespace {

using test::output_of;
using test::TestNetns;

class AttachPeer : public test::SandboxTest {
protected:
    static std::string peer(const TestNetns& container, const char* ifname = "eth0") {
        Args args;
        args.netns = container.path();
        args.ifname = ifname;
        Container place(args);
        Rtnl host;
        const auto found = find_peer(host, place);
        return found ? found->name : "";
    }
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
};

TEST_F(AttachPeer, IsTheOtherEndOnTheHost) {
    const TestNetns c1("c1"), c2("c2");
    shell(
        "ip link add h1 type veth peer name eth0 netns c1;"
        "ip link add h2 type veth peer name eth0 netns c2");
    EXPECT_EQ(peer(c1), "h1");
    EXPECT_EQ(peer(c2), "h2");
    EXPECT_EQ(peer(c1, "eth1"), "");
}

TEST_F(AttachPeer, IsNoneOfAnInterfaceThatDoesNotLeadHere) {
    const TestNetns c("c1"), other("c2");
    c.output_of({"sh", "-ec",
                 "ip link add both type veth peer name ends; ip link add bridge0 type bridge;"
                 "ip link add eth0 type veth peer name x netns c2"});
    for (const char* ifname : {"both", "ends", "bridge0", "lo", "eth0"})
        EXPECT_EQ(peer(c, ifname), "") << ifname;
}

// Indices as its peer's are chosen by whoever makes it, in the container.
TEST_F(AttachPeer, IsNoLinkThatHappensToBearTheNumbers) {
    const TestNetns c("c1"), other("c2"), third("c3");
    shell(
        "ip link add h77 index 77 type veth peer name x index 88 netns c3;"
        "ip -n c2 link add y index 77 type veth peer name eth0 index 88 netns c1");
    ASSERT_NE(c.output_of({"ip", "link", "show", "eth0"}).find("88: eth0@if77"), std::string::npos);
    ASSERT_NE(output_of({"ip", "link", "show", "h77"}).find("77: h77@if88"), std::string::npos);
    EXPECT_EQ(peer(c), "");
    EXPECT_EQ(peer(third, "x"), "h77");
}

}  // namespace
}  // namespace cni
