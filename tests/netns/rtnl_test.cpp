// The netlink socket when something went wrong before.
#include <gmock/gmock.h>
#include <linux/if_addr.h>
#include <sys/socket.h>

#include "netlink/address.h"
#include "netlink/link.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/thrown.h"

namespace cni::test {
namespace {

class RtnlTest : public SandboxTest {};

// Who could not receive an answer may still have something to take back.
TEST_F(RtnlTest, PassesOverAnswersThatNobodyReceived) {
    Rtnl host;
    ASSERT_TRUE(host.find("lo"));
    NlMessage given_up(RTM_GETLINK, NLM_F_ACK);
    given_up.header(ifinfomsg{});
    given_up.put_string(IFLA_IFNAME, "lo");
    nlmsghdr* header = given_up.raw();
    header->nlmsg_seq = 1;
    ASSERT_GE(::send(host.fd(), header, header->nlmsg_len, 0), 0);
    EXPECT_FALSE(host.find("missing"));
    EXPECT_EQ(host.get("lo").name, "lo");
}

// Who may configure a container's network may also send messages to sockets that are open in there.
TEST_F(RtnlTest, BelievesTheKernelOnly) {
    Rtnl container;
    NlSocket forger(NETLINK_ROUTE);
    sockaddr_nl place{};
    socklen_t size = sizeof place;
    ASSERT_EQ(::getsockname(container.fd(), reinterpret_cast<sockaddr*>(&place), &size), 0);
    NlMessage forged(NLMSG_ERROR, 0);
    forged.header(nlmsgerr{.error = -EPERM, .msg = {}});
    forged.raw()->nlmsg_seq = 1;
    ASSERT_GE(::sendto(forger.fd(), forged.raw(), forged.raw()->nlmsg_len, 0,
                       reinterpret_cast<sockaddr*>(&place), size),
              0);
    EXPECT_EQ(container.get("lo").name, "lo");
}

// A container may change its addresses for as long as it is asked for them.
TEST_F(RtnlTest, AListThatNeverRestsIsTakenAsItIs) {
    std::string many;
    for (int i = 0; i < 6000; ++i)
        many += cat("addr add 10.1.", i / 250, ".", 1 + i % 250, "/32 dev lo\n");
    output_of({"ip", "-batch", "-"}, many);
    Rtnl container;
    int listings = 1, visited = 0;
    const auto make = [] {
        NlMessage message(RTM_GETADDR, 0);
        message.header(ifaddrmsg{.ifa_family = AF_INET,
                                 .ifa_prefixlen = 0,
                                 .ifa_flags = 0,
                                 .ifa_scope = 0,
                                 .ifa_index = 0});
        return message;
    };
    const auto change = [&](const nlmsghdr*) {
        // When the first of many datagrams was read.
        if (++visited != 1) return;
        output_of({"ip", "addr", "add", "10.2.0.1/32", "dev", "lo"});
        output_of({"ip", "addr", "del", "10.2.0.1/32", "dev", "lo"});
    };
    container.dump(make, "list addresses", change, [&] {
        ++listings;
        EXPECT_GT(visited, 1000);
        visited = 0;
        if (listings > 1000) throw Error(Code::internal, "it is asked for again and again");
    });
    EXPECT_EQ(listings, NlSocket::listings);
    EXPECT_GT(visited, 1000);
}

// A link without a peer says 0.
TEST_F(RtnlTest, FindsNoLinkOfIndexNought) {
    EXPECT_FALSE(Rtnl().find(0));
}

TEST_F(RtnlTest, FindsThoseThatAreThere) {
    Rtnl host;
    output_of({"ip", "link", "add", "one", "type", "bridge"});
    const auto found = host.find_all({"none", "one", "lo"});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].name, "one");
    EXPECT_EQ(found[1].name, "lo");
    EXPECT_TRUE(host.find_all({}).empty());
}

TEST_F(RtnlTest, FindsALinkTogetherWithItsAddresses) {
    output_of({"sh", "-ec",
               "ip link set lo up; ip link add one type bridge; ip link add two type bridge;"
               "ip addr add 10.1.0.1/24 dev one; ip addr add 10.2.0.1/24 dev two;"
               "ip addr add fd00::1/64 dev one"});
    Rtnl host(Rtnl::Use::lookups);
    EXPECT_FALSE(find_with_addresses(host, "none"));
    const auto found = find_with_addresses(host, "one");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->link.name, "one");
    std::vector<std::string> texts;
    for (const Address& address : found->addresses) texts.push_back(address.prefix.to_string());
    EXPECT_THAT(texts, testing::ElementsAre("10.1.0.1/24", "fd00::1/64"));
    EXPECT_FALSE(find_with_addresses(host, "none")) << "answers of before count no more";
}

TEST_F(RtnlTest, TellsInWhichNamespaceAPeerIs) {
    const TestNetns c("c1"), other("other");
    output_of(
        {"ip", "link", "add", "host0", "type", "veth", "peer", "name", "eth0", "netns", "c1"});
    c.output_of({"ip", "link", "add", "one0", "type", "veth", "peer", "name", "two0"});
    c.output_of(
        {"ip", "link", "add", "far0", "type", "veth", "peer", "name", "far0", "netns", "other"});
    Rtnl container = Rtnl::in(c.netns());
    const Link eth0 = container.get("eth0");
    const auto host = container.find_nsid(Netns::current());
    ASSERT_TRUE(host);
    EXPECT_EQ(eth0.peer().netnsid, *host);
    EXPECT_EQ(container.get("one0").peer().netnsid, -1);
    EXPECT_EQ(container.get("far0").peer().netnsid, container.find_nsid(other.netns()));
    EXPECT_NE(container.get("far0").peer().netnsid, *host);
    Rtnl elsewhere = Rtnl::in(other.netns());
    EXPECT_FALSE(elsewhere.find_nsid(Netns::current()));
    const int given = elsewhere.get_nsid(Netns::current());
    EXPECT_EQ(elsewhere.find_nsid(Netns::current()), given);
    EXPECT_EQ(elsewhere.get_nsid(Netns::current()), given);
    // What the container calls the third one, in the host's words, once the host has any.
    EXPECT_FALSE(container.translate_nsid(container.get("far0").peer().netnsid, *host));
    EXPECT_FALSE(container.translate_nsid(77, *host));
    output_of({"ip", "link", "add", "m0", "type", "veth", "peer", "name", "m0", "netns", "other"});
    Rtnl here;
    const int other_id = here.get("m0").peer().netnsid;
    EXPECT_EQ(container.translate_nsid(container.get("far0").peer().netnsid, *host), other_id);
    EXPECT_EQ(here.translate_nsid(other_id, here.find_nsid(c.netns()).value()),
              container.get("far0").peer().netnsid);
}

class RtnlMove : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        output_of({"sh", "-ec",
                   "ip link add m0 up mtu 1400 type veth peer name m1;"
                   "ip link property add dev m0 altname a-name-that-is-longer-than-others"});
        other_.emplace("other");
    }
    std::optional<TestNetns> other_;
};

TEST_F(RtnlMove, ALinkIsMovedAndRenamedInOneRequest) {
    Rtnl here, there = Rtnl::in(other_->netns());
    const Link link = here.get("m0");
    here.apply(set_alias(link, "m0"), move_link(link, other_->netns(), "eth0"));
    EXPECT_FALSE(here.find("m0"));
    const Link moved = there.get("eth0");
    EXPECT_EQ(moved.alias, "m0");
    EXPECT_EQ(moved.address, link.address);
    EXPECT_EQ(moved.mtu, 1400u);
    EXPECT_FALSE(moved.is_up());
    EXPECT_EQ(moved.kind_name(), "veth");
    there.apply(set_up(moved), set_alias(moved, ""));
    EXPECT_TRUE(there.get("eth0").is_up());
    EXPECT_EQ(there.get("eth0").alias, "");
}

TEST_F(RtnlMove, ANameThatIsTakenKeepsItWhereItIs) {
    other_->output_of({"ip", "link", "add", "m0", "type", "bridge"});
    other_->output_of({"ip", "link", "add", "eth0", "type", "bridge"});
    Rtnl here;
    EXPECT_EQ(thrown([&] { here.apply(move_link(here.get("m0"), other_->netns(), "eth0")); }).msg,
              "move link m0 to /run/netns/other as eth0: File exists");
    EXPECT_TRUE(here.find("m0"));
}

TEST_F(RtnlMove, LinksAreFoundByEachOfTheirNamesAndByAddress) {
    Rtnl here;
    const Link link = here.get("m0");
    EXPECT_EQ(here.get("a-name-that-is-longer-than-others").index, link.index);
    EXPECT_EQ(link.alternative_names,
              std::vector<std::string>{"a-name-that-is-longer-than-others"});
    here.apply(remove_alternative_name(link, link.alternative_names[0]));
    EXPECT_FALSE(here.find("a-name-that-is-longer-than-others"));
    EXPECT_EQ(here.find(link.address)->index, link.index);
    EXPECT_EQ(link.address_text(), link.mac.to_string());
    EXPECT_FALSE(here.find(LinkAddress::parse("02:00:00:00:00:77").value()));
    here.apply(set_down(link), rename_link(link, "m2"),
               set_address(link, LinkAddress::parse("02:00:00:00:00:77").value()));
    EXPECT_EQ(here.get("m2").mac.to_string(), "02:00:00:00:00:77");
}

}  // namespace
}  // namespace cni::test
