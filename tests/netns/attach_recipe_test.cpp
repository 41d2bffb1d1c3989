// What plugins whose link lies in the container share: its parent, making it, and the way back.
#include <gtest/gtest.h>

#include "attach/new_attachment.h"
#include "attach/parent.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/thrown.h"

namespace cni {
namespace {

using test::output_of;
using test::TestNetns;

class AttachRecipe : public test::SandboxTest {
protected:
    static Request request(const TestNetns& container) {
        Request request;
        request.conf = NetConf::parse(R"({"cniVersion": "1.1.0", "name": "net1", "type": "x"})");
        request.args.container_id = "c1";
        request.args.netns = container.path();
        request.args.ifname = "eth0";
        return request;
    }
    static Container open(const TestNetns& container) { return Container(request(container).args); }
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
};

TEST_F(AttachRecipe, TheParentIsTheOneThatIsNamed) {
    const TestNetns c("c1");
    shell("ip link add m0 type veth peer name m1; ip link set m1 netns c1");
    Rtnl host;
    Container container = open(c);
    EXPECT_EQ(Parent({.name = "m0"}, host, container).link.name, "m0");
    EXPECT_EQ(Parent({.name = "m1", .in_container = true}, host, container).link.name, "m1");
    EXPECT_EQ(test::thrown([&] { Parent({.name = "m1"}, host, container); }).msg,
              "failed to lookup master \"m1\": Link not found");
}

TEST_F(AttachRecipe, WithoutANameTheParentIsWhatTheDefaultRouteLeadsThrough) {
    const TestNetns c("c1");
    Rtnl host;
    Container container = open(c);
    EXPECT_EQ(test::thrown([&] { Parent({}, host, container); }).msg,
              "no default route interface found");
    shell(
        "ip link add m4 type veth peer name m6; ip link set m4 up; ip link set m6 up;"
        "ip address add 10.1.1.1/24 dev m4; ip route add default via 10.1.1.2 dev m4 table 7;"
        "ip -6 route add default dev m6 metric 9; ip route add blackhole default metric 9");
    EXPECT_EQ(Parent({}, host, container).link.name, "m6");
    shell("ip route add default nexthop via 10.1.1.2 nexthop via 10.1.1.3");
    EXPECT_EQ(Parent({}, host, container).link.name, "m4");
}

TEST_F(AttachRecipe, AChainedParentIsTheOneInterfaceThatHasAName) {
    Result result;
    result.interfaces.resize(3);
    EXPECT_THROW(chained_parent(result), Error);
    result.interfaces[1].name = "m0";
    EXPECT_EQ(chained_parent(result), "m0");
    result.interfaces[2].name = "m1";
    EXPECT_EQ(test::thrown([&] { chained_parent(result); }).msg,
              "chained master failure. PrevResult lacks a single named interface");
}

TEST_F(AttachRecipe, AnMtuMayBeAsLargeAsTheParents) {
    Link parent;
    parent.mtu = 1450;
    require_mtu_within(parent, 1450);
    EXPECT_EQ(test::thrown([&] { require_mtu_within(parent, 1451); }).msg,
              "invalid MTU 1451, must be [0, master MTU(1450)]");
}

TEST_F(AttachRecipe, ALinkIsMadeInPlaceAndTakenBack) {
    const TestNetns c("c1");
    shell("ip link add m0 mtu 1400 type veth peer name m1; ip link set m0 up; ip link set m1 up");
    const Request its = request(c);
    {
        NewAttachment attachment(its);
        const Parent parent({.name = "m0"}, attachment.host, attachment.container);
        const Link link = attachment.make_link(
            parent.rtnl, {.mtu = 1300, .parent = parent.link.index, .kind = Macvlan{}});
        EXPECT_EQ(link.name, "eth0");
        EXPECT_EQ(link.mtu, 1300U);
        EXPECT_TRUE(link.is<Macvlan>());
        EXPECT_EQ(link.parent.index, parent.link.index);
    }
    EXPECT_EQ(c.output_of({"ip", "-o", "link", "show", "type", "macvlan"}), "");
    NewAttachment attachment(its);
    const Parent parent({.name = "m0"}, attachment.host, attachment.container);
    const Link link = attachment.make_link(
        parent.rtnl, {.parent = parent.link.index, .kind = Macvlan{.mode = Macvlan::Mode::vepa}});
    const Result result = attachment.finish_with(link);
    EXPECT_EQ(result.interfaces.front().mac, link.mac.to_string());
    const std::string shown = c.output_of({"ip", "-d", "-o", "link", "show", "eth0"});
    EXPECT_NE(shown.find("macvlan mode vepa"), std::string::npos) << shown;
    EXPECT_NE(shown.find(",UP"), std::string::npos) << shown;
    EXPECT_NE(test::thrown([&] { NewAttachment again(its); }).msg.find("already exists"),
              std::string::npos);
}

}  // namespace
}  // namespace cni
