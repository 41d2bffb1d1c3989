// Where ADD puts the routes of an interface, for each key.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using SbrAdd = SbrTest;

TEST_F(SbrAdd, MovesTheRoutesOfTheInterface) {
    inside("ip route add 10.50.0.0/16 via 10.2.0.254; ip route add 172.16.0.0/16 dev net1");
    expect_ok("ADD", config());
    EXPECT_THAT(rules(), AllOf(HasSubstr("32765: from 10.2.0.2 lookup 100 proto 158\n"),
                               HasSubstr("32765: from fd02::2 lookup 101 proto 158\n")));
    EXPECT_EQ(table("100"),
              "default via 10.2.0.1 dev net1 proto 158\n"
              "10.2.0.0/24 dev net1 proto kernel scope link src 10.2.0.2\n"
              "10.50.0.0/16 via 10.2.0.254 dev net1\n"
              "172.16.0.0/16 dev net1 scope link\n");
    EXPECT_EQ(table("101"),
              "fd02::/64 dev net1 proto kernel metric 256\n"
              "default via fd02::1 dev net1 proto 158 metric 1024\n");
    EXPECT_EQ(table("main"),
              "default via 10.1.0.1 dev eth0\n"
              "10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.2\n"
              "fd01::/64 dev eth0 proto kernel metric 256\n"
              "default via fd01::1 dev eth0 metric 1024\n");
}

TEST_F(SbrAdd, CanBeDoneAgainAndTakenBack) {
    expect_whole_and_gone(config());
    expect_whole_and_gone(config({{"addSourceHints", true}}));
    expect_whole_and_gone(config({{"gateways", {"10.2.0.7", "fd02::7"}}}));
    expect_whole_and_gone(config({{"table", 4000000000}}));
}

// Which an IPAM plugin gives, or somebody adds before.
TEST_F(SbrAdd, KeepsAllThatARouteSays) {
    inside(
        "ip route add 10.50.0.0/16 via 10.2.0.254 metric 7 mtu 1400 proto static;"
        "ip route add 10.60.0.0/16 nexthop via 10.2.0.3 weight 3 nexthop via 10.2.0.4;"
        "ip route add 10.61.0.0/16 via inet6 fe80::9 dev net1;"
        "ip route append default via 10.2.0.1 metric 20 initcwnd 20;"
        "ip -6 route add 2001:db8::/48 via fe80::1 dev net1 mtu 1400;"
        "ip -6 route add fd60::/64 nexthop via fd02::3 nexthop via fd02::4;"
        "ip -6 route add default via fe80::1 dev net1 metric 20");
    const std::string here = of_net1("main");
    for (const char* part : {"initcwnd 20", "weight 3", "default via fe80::1", "via fd02::4"})
        EXPECT_THAT(here, HasSubstr(part));
    expect_ok("ADD", config());
    EXPECT_EQ(of_net1("100") + of_net1("101"), here);
    EXPECT_EQ(of_net1("main"), "");
    expect_ok("DEL", config());
    EXPECT_EQ(of_net1("main"), here);
}

// The kernel has joined them to one route.
TEST_F(SbrAdd, TakesItsWaysOutOfIpv6RoutesOfSeveralLinks) {
    inside("ip -6 route append default via fd02::1; ip -6 route append default via fd02::9");
    EXPECT_THAT(table("main"), HasSubstr("via fd02::9 dev net1 weight 1"));
    expect_ok("ADD", config());
    EXPECT_THAT(table("main"), AllOf(HasSubstr("default via fd01::1 dev eth0 metric 1024\n"),
                                     Not(HasSubstr("net1"))));
    EXPECT_THAT(table("101"),
                AllOf(HasSubstr("via fd02::1 dev net1 weight 1"),
                      HasSubstr("via fd02::9 dev net1 weight 1"), Not(HasSubstr("eth0"))));
    expect_ok("DEL", config());
    expect_whole_and_gone(config());
    EXPECT_THAT(table("main"), AllOf(HasSubstr("via fd01::1 dev eth0 weight 1"),
                                     HasSubstr("via fd02::9 dev net1 weight 1")));
}

TEST_F(SbrAdd, LeavesIpv4RoutesOfSeveralLinksToThem) {
    const std::string route =
        "10.62.0.0/16 \\ nexthop via 10.1.0.3 dev eth0 weight 1 \\ nexthop via "
        "10.2.0.3 dev net1 weight 1";
    inside("ip route add 10.62.0.0/16 nexthop via 10.1.0.3 nexthop via 10.2.0.3");
    EXPECT_THAT(table("main"), HasSubstr(route));
    expect_ok("ADD", config());
    EXPECT_THAT(table("main"), HasSubstr(route));
    EXPECT_THAT(table("100"), HasSubstr("10.62.0.0/16"));
    expect_ok("DEL", config());
    expect_whole_and_gone(config());
}

// Neighbours are reached by them, whatever addresses there are.
TEST_F(SbrAdd, LeavesLinkLocalRoutes) {
    expect_ok("ADD", config());
    for (const char* table : {"main", "101"})
        EXPECT_THAT(container_->output_of({"ip", "-6", "route", "show", "table", table}),
                    HasSubstr("fe80::/64 dev net1"))
            << table;
}

TEST_F(SbrAdd, GivesEachAddressWhatIsItsOwn) {
    inside(
        "ip address add 10.3.0.2/24 dev net1; ip address add 10.4.0.2/24 dev net1;"
        "ip route append default via 10.2.0.1 metric 5; ip route add 10.50.0.0/16 via 10.3.0.9;"
        "ip route add 172.16.0.0/16 dev net1");
    const json config = with_ips({ip("10.2.0.2/24", "10.2.0.1"), ip("10.3.0.2/24", "10.3.0.1"),
                                  ip("10.4.0.2/24"), ip("fd02::2/64", "fd02::1")});
    expect_ok("ADD", config);
    EXPECT_EQ(table("100"),
              "default via 10.2.0.1 dev net1 metric 5\n"
              "10.2.0.0/24 dev net1 proto kernel scope link src 10.2.0.2\n"
              "172.16.0.0/16 dev net1 scope link\n");
    EXPECT_EQ(table("101"),
              "default via 10.3.0.1 dev net1 proto 158\n"
              "10.3.0.0/24 dev net1 proto kernel scope link src 10.3.0.2\n"
              "10.50.0.0/16 via 10.3.0.9 dev net1\n"
              "172.16.0.0/16 dev net1 scope link\n");
    EXPECT_EQ(table("102"),
              "10.4.0.0/24 dev net1 proto kernel scope link src 10.4.0.2\n"
              "172.16.0.0/16 dev net1 scope link\n");
    EXPECT_THAT(table("103"), HasSubstr("default via fd02::1"));
    expect_ok("DEL", config);
    expect_whole_and_gone(config);
}

TEST_F(SbrAdd, PrefersTheGatewaysOfTheConfiguration) {
    inside("ip route append default via 10.2.0.1 metric 5; ip -6 route append default via fd02::1");
    const json config = this->config({{"gateways", {"10.2.0.7", "fd02::7"}}});
    const std::string here = state();
    expect_ok("ADD", config);
    EXPECT_THAT(shown({"route", "show", "table", "100", "default"}),
                "default via 10.2.0.7 dev net1 proto 158\n");
    EXPECT_THAT(shown({"-6", "route", "show", "table", "102", "default"}),
                "default via fd02::7 dev net1 proto 158 metric 1024\n");
    EXPECT_THAT(table("main"), Not(HasSubstr("net1")));
    // Nothing is lost, nor in the way.
    EXPECT_EQ(table("101"), "default via 10.2.0.1 dev net1 metric 5\n");
    EXPECT_THAT(rules(), HasSubstr("from 10.2.0.2 to 10.2.0.2 lookup 101"));
    EXPECT_THAT(container_->output_of({"ip", "route", "get", "198.51.100.1", "from", "10.2.0.2"}),
                HasSubstr("via 10.2.0.7"));
    expect_ok("DEL", config);
    EXPECT_EQ(state(), here);
    // Without a gateway of IPAM, too.
    const json without = with_ips({ip("10.2.0.2/24")});
    expect_ok("ADD", without);
    EXPECT_THAT(table("100"), Not(HasSubstr("default via 10.2.0.7")));
}

TEST_F(SbrAdd, LeavesHintsOfSourcesInMain) {
    inside("ip route add 172.16.0.0/16 dev net1; ip route add 10.50.0.0/16 via 10.2.0.9");
    expect_ok("ADD", config({{"addSourceHints", true}}));
    EXPECT_THAT(
        table("main"),
        AllOf(HasSubstr("10.2.0.0/24 dev net1 proto kernel scope link src 10.2.0.2\n"),
              HasSubstr("172.16.0.0/16 dev net1 scope link\n"),
              HasSubstr("fd02::/64 dev net1 proto 158 src fd02::2 metric 1024\n"),
              Not(HasSubstr("10.50.0.0")), Not(HasSubstr("fd02::/64 dev net1 proto kernel"))));
    EXPECT_THAT(table("100"), AllOf(HasSubstr("10.2.0.0/24"), HasSubstr("172.16.0.0/16"),
                                    HasSubstr("10.50.0.0/16")));
}

TEST_F(SbrAdd, WithATableOnlyAddsRules) {
    const std::string routes = table("all");
    // Nothing else is looked at.
    const json config = this->config({{"table", 500}, {"gateways", {"x"}}});
    expect_ok("ADD", config);
    EXPECT_THAT(rules(), AllOf(HasSubstr("from 10.2.0.2 lookup 500 proto 159\n"),
                               HasSubstr("from fd02::2 lookup 500 proto 159\n")));
    EXPECT_EQ(table("all"), routes);
    expect_ok("DEL", config);
    inside("ip route add 10.70.0.0/16 dev net1 table 500");
    expect_whole_and_gone(config);
    inside("ip link delete net1");
    expect_ok("ADD", config);
    expect_ok("CHECK", config);
    expect_ok("DEL", config);
    EXPECT_THAT(rules(), Not(HasSubstr("lookup 500")));
}

TEST_F(SbrAdd, ChoosesTablesThatNothingUses) {
    inside(
        "ip route add 10.70.0.0/16 dev eth0 table 100; ip rule add from 10.9.9.9 lookup 101;"
        "ip -6 rule add fwmark 3 lookup 102; ip -6 route add unreachable fd70::/64 table 104");
    expect_ok("ADD", config());
    EXPECT_THAT(rules(),
                AllOf(HasSubstr("from 10.2.0.2 lookup 103"), HasSubstr("from fd02::2 lookup 105")));
}

TEST_F(SbrAdd, SharesTheContainerWithOthers) {
    const json other =
        config({{"prevResult",
                 {{"interfaces", {{{"name", "eth0"}, {"sandbox", container_->path()}}}},
                  {"ips", {ip("10.1.0.2/24", "10.1.0.1")}}}}});
    expect_ok("ADD", config());
    const std::string first = state();
    const PluginRun added = run_plugin("sbr", "ADD", args(*container_, "eth0"), other.dump());
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_THAT(rules(), HasSubstr("from 10.1.0.2 lookup 102"));
    EXPECT_THAT(table("102"), HasSubstr("default via 10.1.0.1 dev eth0\n"));
    expect_ok("CHECK", config());
    const PluginRun deleted = run_plugin("sbr", "DEL", args(*container_, "eth0"), other.dump());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_EQ(state(), first);
    expect_ok("DEL", config());
    EXPECT_EQ(state(), before_);
}

TEST_F(SbrAdd, IsAboutTheAddressesOfItsInterface) {
    const json others =
        config({{"prevResult",
                 {{"interfaces",
                   {{{"name", "eth0"}, {"sandbox", container_->path()}}, {{"name", "net1"}}}},
                  {"ips", {ip("10.1.0.2/24"), {{"address", "10.2.0.2/24"}, {"interface", 1}}}}}}});
    expect_ok("ADD", others);
    EXPECT_EQ(state(), before_);
}

TEST_F(SbrAdd, ThatIsRefusedChangesNothing) {
    inside("ip route add 10.50.0.0/16 via 10.2.0.254");
    json without = config();
    without.erase("prevResult");
    expect_refused(without, 7, "must be called as chained plugin");
    expect_refused(config({{"prevResult", {{"ips", nullptr}}}}), 7,
                   "No IP addresses supplied on interface: net1");
    const std::vector<std::pair<json, std::string>> keys = {
        {{{"table", 0}}, "\"table\" must be between 1 and 4294967295"},
        {{{"table", "x"}}, "\"table\" must be "},
        {{{"gateways", {"foo"}}}, "invalid static gateway IP address: foo"},
        {{{"gateways", {"1.1.1.1", "1.1.1.2"}}},
         "gateways list contains multiple IPv4 addresses: 1.1.1.1 and 1.1.1.2"},
        {{{"gateways", {"fd02::1", "fd02::2"}}},
         "gateways list contains multiple IPv6 addresses: fd02::1 and fd02::2"},
        {{{"gateways", {"1.1.1.1", "fd02::1", "fd02::2"}}},
         "gateways list cannot contain more than 2 entries (one IPv4, one IPv6)"},
        {{{"addSourceHints", "yes"}}, "\"addSourceHints\" must be true or false"}};
    for (const auto& [key, message] : keys) expect_refused(config(key), 7, message);
    // Taken back: rules and routes have been made by then.
    expect_refused(config({{"gateways", {"203.0.113.1"}}}), 999,
                   "failed to add route '0.0.0.0/0 via 203.0.113.1 dev net1");
    inside("ip link delete net1");
    expect_refused(config(), 999, "find link net1: No such device");
}

}  // namespace
}  // namespace cni::test
