// Routes are listed with all that the kernel says of them, and given back as they were.
#include "netlink/route.h"

#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <malloc.h>

#include <algorithm>

#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Routes : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        for (const std::string name : {"e0", "e1"}) {
            ip({"link", "add", name, "type", "veth", "peer", "name", "p" + name});
            ip({"link", "set", "p" + name, "up"});
            ip({"link", "set", name, "up"});
        }
        ip({"address", "add", "10.1.0.1/24", "dev", "e0"});
        ip({"address", "add", "10.2.0.1/24", "dev", "e1"});
        ip({"address", "add", "fd01::1/64", "dev", "e0", "nodad"});
        ip({"address", "add", "fd02::1/64", "dev", "e1", "nodad"});
        link_ = Rtnl().get("e0");
    }

    static std::string ip(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "ip");
        return output_of(arguments);
    }
    // To table 1000; `route` is in the words of ip(8).
    static void add(const std::string& family, const std::string& route) {
        std::vector<std::string> arguments{family, "route", "add", "table", "1000"};
        for (const auto word : split(route, ' ')) arguments.emplace_back(word);
        ip(arguments);
    }
    // As ip(8) tells of it, sorted.
    static std::vector<std::string> shown(const std::string& family, const std::string& table) {
        const auto text =
            run({.argv = {"ip", family, "-N", "-d", "route", "show", "table", table}}).out;
        // A route with several ways has a line for each, behind one for itself.
        std::vector<std::string> lines;
        for (const auto line : split(text, '\n')) {
            if (line.starts_with('\t'))
                lines.back() += line;
            else if (!line.empty())
                lines.emplace_back(line);
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }

    static std::vector<Route> listed(const Link& link, Family family, int table) {
        Rtnl rtnl;
        std::vector<Route> found = routes(rtnl, link, family);
        std::erase_if(found, [&](const Route& route) { return route.table != table; });
        return found;
    }

    // Moves what leads through the link from table 1000 to table 2000.
    void expect_to_survive(Family family, std::size_t count) {
        const std::string option = family == Family::v4 ? "-4" : "-6";
        const auto before = shown(option, "1000");
        EXPECT_THAT(before, SizeIs(count));
        auto moved = listed(link_, family, 1000);
        EXPECT_THAT(moved, SizeIs(count));
        Rtnl rtnl;
        std::vector<NlRequest> removals, additions;
        for (Route& route : moved) {
            removals.push_back(remove_route(link_, route));
            route.table = 2000;
            additions.push_back(add_route(link_, route));
        }
        rtnl.transact(removals);
        EXPECT_THAT(shown(option, "1000"), IsEmpty());
        rtnl.transact(additions);
        EXPECT_EQ(shown(option, "2000"), before);
        EXPECT_EQ(listed(link_, family, 2000), moved);
        // What is gone can be removed.
        rtnl.transact(removals);
    }

    Link link_;
};

TEST_F(Routes, OfIpv4AreGivenBackAsTheyWere) {
    for (const std::string route :
         {"10.10.0.0/16 via 10.1.0.2 dev e0 proto 99 metric 7 src 10.1.0.1",
          "10.11.0.0/16 dev e0 scope host", "10.12.0.0/16 dev e0 scope global",
          "10.13.0.0/16 via 192.0.2.9 dev e0 onlink",
          "10.14.0.0/16 dev e0 mtu 1400 advmss 1300 initcwnd 20 rto_min 50ms quickack 1",
          "10.15.0.0/16 dev e0 mtu lock 1200 hoplimit 9 features ecn congctl reno",
          "10.16.0.0/16 tos 0x10 dev e0 proto static", "10.17.0.0/16 dev e0 metric 4278198272",
          "10.18.0.0/16 nexthop via 10.1.0.3 dev e0 weight 3 nexthop via 10.2.0.3 dev e1",
          "10.19.0.0/16 proto 42 metric 3 mtu 1350 nexthop via 10.1.0.3 dev e0 nexthop via "
          "10.1.0.4 dev e0 onlink weight 256",
          "10.20.0.0/16 via inet6 fd01::2 dev e0", "local 10.21.0.0/16 dev e0",
          "default via 10.1.0.9 dev e0 proto dhcp", "broadcast 10.1.0.255 dev e0"})
        add("-4", route);
    expect_to_survive(Family::v4, 14);
}

TEST_F(Routes, OfIpv6AreGivenBackAsTheyWere) {
    for (const std::string route :
         {"fd10::/64 via fd01::2 dev e0 proto 99 metric 7 src fd01::1", "fd11::/64 dev e0",
          "fd13::/64 via fd99::9 dev e0 onlink",
          "fd14::/64 dev e0 mtu 1400 advmss 1300 initcwnd 20 hoplimit 9 metric 4278198272",
          "fd15::/64 dev e0 mtu lock 1400 congctl reno",
          "fd18::/64 nexthop via fd01::3 dev e0 weight 3 nexthop via fd02::3 dev e1",
          "default via fd01::9 dev e0 proto static metric 20", "local fd21::1 dev e0"})
        add("-6", route);
    expect_to_survive(Family::v6, 8);
}

TEST_F(Routes, OfNextHopObjectsKeepThem) {
    if (!run({.argv = {"ip", "nexthop", "add", "id", "5", "via", "10.1.0.2", "dev", "e0"}}).ok())
        GTEST_SKIP() << "no nexthop objects";
    add("-4", "10.22.0.0/16 nhid 5");
    EXPECT_EQ(listed(link_, Family::v4, 1000).at(0).next_hop_object, 5U);
    expect_to_survive(Family::v4, 1);
}

// Whose every way through the link counts when a gateway is looked for.
TEST_F(Routes, WithSeveralWaysAreSeveralPaths) {
    add("-4",
        "10.18.0.0/16 nexthop via 10.1.0.3 dev e0 weight 3 nexthop via 10.2.0.3 "
        "dev e1 nexthop via 10.1.0.4 dev e0");
    add("-4", "10.19.0.0/16 via 10.1.0.5 dev e0");
    Rtnl rtnl;
    std::vector<Route> found;
    visit_paths(rtnl, link_, Family::v4, [&](const Route& route) {
        if (route.table == 1000) found.push_back(route);
    });
    EXPECT_THAT(found, ElementsAre(Field(&Route::gw, Ip::parse("10.1.0.3")),
                                   Field(&Route::gw, Ip::parse("10.1.0.4")),
                                   Field(&Route::gw, Ip::parse("10.1.0.5"))));
    EXPECT_THAT(found, Each(Field(&Route::next_hops, IsEmpty())));
    EXPECT_THAT(listed(rtnl.get("e1"), Family::v4, 1000), SizeIs(1));
}

// How many there are is for a container to choose.
TEST_F(Routes, OfAnyNumberAreSeenInLittleMemory) {
    constexpr int count = 5000;
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += cat("route add 172.16.", i / 250, ".", i % 250, " dev e0\n");
    output_of({"ip", "-batch", "-"}, lines);
    Rtnl rtnl;
    const std::size_t before = ::mallinfo2().uordblks;
    std::size_t visited = 0, most = 0;
    visit_paths(rtnl, link_, Family::v4, [&](const Route&) {
        ++visited;
        most = std::max(most, ::mallinfo2().uordblks);
    });
    EXPECT_GT(visited, std::size_t{count});
    EXPECT_LT(most, before + (100u << 10)) << "bytes";
    EXPECT_THAT(routes(rtnl, link_, Family::v4, 100), SizeIs(100));
}

TEST_F(Routes, AreNotMistakenForOthers) {
    add("-4", "10.10.0.0/16 via 10.1.0.2 dev e0 proto 99");
    add("-4", "10.10.0.0/16 via 10.1.0.2 dev e0 proto 99 tos 0x10");
    const auto both = listed(link_, Family::v4, 1000);
    ASSERT_THAT(both, SizeIs(2));
    Route other = both[0];
    other.protocol = 98;
    Rtnl rtnl;
    rtnl.apply(remove_route(link_, other));
    EXPECT_EQ(listed(link_, Family::v4, 1000), both);
    rtnl.apply(remove_route(link_, both[0]));
    EXPECT_THAT(listed(link_, Family::v4, 1000), ElementsAre(both[1]));
}

}  // namespace
}  // namespace cni::test
