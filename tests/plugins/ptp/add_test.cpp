// What ADD makes on both sides for each key, and what it leaves when it fails: nothing.
#include <gmock/gmock.h>

#include "support/ptp_fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PtpAdd : public PtpTest {
protected:
    using Strings = std::vector<std::string>;

    static Strings container_routes(const TestNetns& c, const char* family,
                                    const char* table = "main") {
        return c.run([&] { return routes(family, "eth0", table); });
    }
    /// ADD fails so, and neither side shows a trace of it.
    static void expect_failure(const json& config, int code, const std::string& message) {
        const TestNetns c("c1");
        const Snapshot host = host_snapshot(), container = c.run(take_snapshot);
        const PluginRun run = call("ADD", args(c), config);
        EXPECT_EQ(run.error_code(), code) << config << "\n" << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message)) << config;
        EXPECT_EQ(host_snapshot(), host) << config;
        EXPECT_EQ(c.run(take_snapshot), container) << config;
    }
};

TEST_F(PtpAdd, PrintsBothEndsAndWhatIpamSaid) {
    const TestNetns c("c1");
    const json result = add(c, network({{"cniVersion", "1.1.0"}, {"mtu", 1400}}));
    const std::string host = host_end(result);
    EXPECT_THAT(host, ::testing::MatchesRegex("veth[0-9a-f]{8}"));
    const json here = link(host), there = link(c, "eth0");
    EXPECT_EQ(
        result,
        json({{"cniVersion", "1.1.0"},
              {"interfaces",
               {{{"name", host}, {"mac", here["address"]}, {"mtu", 1400}},
                {{"name", "eth0"},
                 {"mac", there["address"]},
                 {"mtu", 1400},
                 {"sandbox", c.path()}}}},
              {"ips",
               {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 1}},
                {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 1}}}},
              {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    EXPECT_EQ(here["mtu"], 1400);
    EXPECT_EQ(there["mtu"], 1400);
    EXPECT_EQ(here["linkinfo"]["info_kind"], "veth");
    EXPECT_FALSE(here.contains("txqlen")) << here;
    EXPECT_THAT(here["flags"], Contains("UP"));
    EXPECT_THAT(there["flags"], Contains("UP"));
}

TEST_F(PtpAdd, RoutesEverythingThroughTheGateway) {
    const TestNetns c("c1");
    const json result = add(c, network());
    EXPECT_THAT(container_routes(c, "-4"),
                ElementsAre("10.1.2.0/24 via 10.1.2.1 src 10.1.2.2",
                            "10.1.2.1 scope link src 10.1.2.2", "default via 10.1.2.1"));
    EXPECT_THAT(container_routes(c, "-6"),
                ElementsAre("default via fd00:1:2::1 metric 1024",
                            "fd00:1:2::/64 via fd00:1:2::1 src fd00:1:2::2 metric 1024",
                            "fd00:1:2::1 src fd00:1:2::2 metric 1024"));
    EXPECT_EQ(addresses(c), (Strings{"10.1.2.2/24", "fd00:1:2::2/64"}));
    const std::string host = host_end(result);
    EXPECT_EQ(addresses(host), (Strings{"10.1.2.1/32", "fd00:1:2::1/128"}));
    EXPECT_THAT(routes("-4", host), ElementsAre("10.1.2.2 scope host"));
    EXPECT_THAT(routes("-6", host), Contains("fd00:1:2::2 metric 1024"));
    EXPECT_EQ(sysctl("net/ipv4/ip_forward"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/all/forwarding"), "1");
    EXPECT_EQ(sysctl(cat("net/ipv6/conf/", host, "/accept_ra")), "0");
}

TEST_F(PtpAdd, MakesTheRoutesOfTheReferencePlugin) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const TestNetns ours("c1"), theirs("c2");
    const json config = fixed({{"addresses",
                                {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}},
                                 {{"address", "fd00:1::2/64"}, {"gateway", "fd00:1::1"}}}},
                               {"routes",
                                {{{"dst", "0.0.0.0/0"}},
                                 {{"dst", "10.9.0.0/16"}, {"gw", "10.1.2.1"}},
                                 {{"dst", "::/0"}}}}});
    const json our_result = add(ours, config);
    const auto host4 = routes("-4", host_end(our_result));
    const auto host_addresses = addresses(host_end(our_result));
    const auto inside4 = container_routes(ours, "-4"), inside6 = container_routes(ours, "-6");
    del(ours, config);
    const PluginRun run = reference("ADD", theirs, config);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(container_routes(theirs, "-4"), inside4);
    EXPECT_EQ(container_routes(theirs, "-6"), inside6);
    EXPECT_EQ(addresses(theirs), (Strings{"10.1.2.2/24", "fd00:1::2/64"}));
    EXPECT_EQ(routes("-4", host_end(run.json())), host4);
    EXPECT_EQ(addresses(host_end(run.json())), host_addresses);
}

TEST_F(PtpAdd, ForwardsOnlyTheFamiliesThatAreUsed) {
    const TestNetns c("c1");
    add(c, fixed({{"addresses", {{{"address", "10.1.2.2/24"}}}}}));
    EXPECT_EQ(sysctl("net/ipv4/ip_forward"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/all/forwarding"), "0");
}

TEST_F(PtpAdd, AddressesAreUsableAtOnce) {
    // The kernel makes link-local addresses usable when it finds the time.
    const TestNetns c("c1");
    const json result = add(c, network());
    EXPECT_THAT(c.output_of({"ip", "-6", "address", "show", "scope", "global", "tentative"}), "");
    EXPECT_THAT(output_of({"ip", "-6", "address", "show", "scope", "global", "tentative"}), "");
}

TEST_F(PtpAdd, GatewaysThatIpamDoesNotNameAreFound) {
    const TestNetns c("c1");
    const json result = add(c, fixed({{"addresses",
                                       {{{"address", "10.1.2.5/24"}},
                                        {{"address", "10.8.0.0/31"}},
                                        {{"address", "10.9.0.1/31"}},
                                        {{"address", "fd00:1::5/64"}}}}}));
    Strings found;
    for (const json& ip : result["ips"]) found.push_back(ip["gateway"]);
    EXPECT_THAT(found, ElementsAre("10.1.2.1", "10.8.0.1", "10.9.0.0", "fd00:1::1"));
    EXPECT_TRUE(ping(c.netns(), "10.9.0.0"));
}

TEST_F(PtpAdd, SingleAddressesAndGatewaysElsewhereWork) {
    const TestNetns c("c1");
    const json result =
        add(c, fixed({{"addresses",
                       {{{"address", "10.1.2.2/32"}, {"gateway", "169.254.1.1"}},
                        {{"address", "fd00:1::2/128"}, {"gateway", "fd00:ffff::1"}}}},
                      {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    EXPECT_THAT(container_routes(c, "-4"),
                ElementsAre("169.254.1.1 scope link src 10.1.2.2", "default via 169.254.1.1"));
    EXPECT_TRUE(ping(c.netns(), "169.254.1.1"));
    EXPECT_TRUE(ping(c.netns(), "fd00:ffff::1"));
    EXPECT_TRUE(ping(Netns::current(), "10.1.2.2"));
    EXPECT_TRUE(ping(Netns::current(), "fd00:1::2"));
}

TEST_F(PtpAdd, SeveralAddressesOfOneSubnetShareItsRoutes) {
    const TestNetns c("c1");
    const json result = add(c, fixed({{"addresses",
                                       {{{"address", "10.1.2.2/24"}},
                                        {{"address", "10.1.2.3/24"}},
                                        {{"address", "fd00:1::2/64"}},
                                        {{"address", "fd00:1::3/64"}}}}}));
    EXPECT_THAT(container_routes(c, "-4"), ElementsAre("10.1.2.0/24 via 10.1.2.1 src 10.1.2.2",
                                                       "10.1.2.1 scope link src 10.1.2.2"));
    for (const char* address : {"10.1.2.2", "10.1.2.3", "fd00:1::2", "fd00:1::3"})
        EXPECT_TRUE(ping(Netns::current(), address)) << address;
}

TEST_F(PtpAdd, RoutesHaveAllTheirKeys) {
    const TestNetns c("c1");
    const json routes = json::parse(R"([{"dst":"10.9.0.0/16","mtu":1300,"advmss":1200,"priority":5},
        {"dst":"10.10.0.0/16","gw":"10.1.2.77"},{"dst":"10.11.0.0/16","table":300},
        {"dst":"10.12.0.0/16","scope":253},{"dst":"fd09::/64","gw":"fd00:1::77"}])");
    add(c, fixed({{"addresses", {{{"address", "10.1.2.2/24"}}, {{"address", "fd00:1::2/64"}}}},
                  {"routes", routes}}));
    EXPECT_THAT(
        container_routes(c, "-4"),
        ElementsAre("10.1.2.0/24 via 10.1.2.1 src 10.1.2.2", "10.1.2.1 scope link src 10.1.2.2",
                    "10.10.0.0/16 via 10.1.2.77 onlink", "10.12.0.0/16 scope link",
                    "10.9.0.0/16 via 10.1.2.1 metric 5 mtu 1300 advmss 1200"));
    EXPECT_THAT(container_routes(c, "-4", "300"), ElementsAre("10.11.0.0/16 via 10.1.2.1"));
    EXPECT_THAT(container_routes(c, "-6"), Contains("fd09::/64 via fd00:1::77 metric 1024 onlink"));
}

TEST_F(PtpAdd, ItsDnsReplacesThatOfIpam) {
    const json ipam = {{"addresses", {{{"address", "10.1.2.2/24"}}}},
                       {"dns", {{"nameservers", {"192.0.2.1"}}}}};
    const TestNetns c("c1");
    EXPECT_EQ(add(c, fixed(ipam))["dns"], ipam["dns"]);
    del(c, fixed(ipam));
    const json own = {{"search", {"a.example"}}};
    EXPECT_EQ(add(c, fixed(ipam, {{"dns", own}}))["dns"], own);
    del(c, fixed(ipam));
    EXPECT_FALSE(add(c, fixed(ipam, {{"dns", {{"search", json::array()}}}})).contains("dns"));
}

TEST_F(PtpAdd, OlderVersionsGetTheirShapes) {
    for (const char* version : {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"}) {
        const TestNetns c("c1");
        const json config = network({{"cniVersion", version}});
        const json result = add(c, config);
        EXPECT_EQ(result["cniVersion"], version);
        if (version[2] < '3' && version[0] == '0')
            EXPECT_EQ(result["ip4"]["gateway"], "10.1.2.1");
        else
            EXPECT_EQ(result["ips"][0]["interface"], 1);
        del(c, config);
    }
}

TEST_F(PtpAdd, RefusesWrongConfigurationsBeforeAnything) {
    expect_failure(network({{"ipam", nullptr}}), 7, "no plugin name provided");
    expect_failure(network({{"ipam", {{"type", ""}}}}), 7, "no plugin name provided");
    expect_failure(network({{"ipMasq", "yes"}}), 7, "\"ipMasq\"");
    expect_failure(network({{"ipMasqBackend", "ipchains"}}), 7,
                   "unknown ipmasq backend \"ipchains\"");
    expect_failure(network({{"ipMasqBackend", 5}}), 7, "\"ipMasqBackend\"");
    expect_failure(network({{"mtu", "big"}}), 7, "\"mtu\"");
    expect_failure(network({{"mtu", 70000}}), 7, "\"mtu\"");
    expect_failure(network({{"ipam", {{"type", "dhcp"}}}}), 7, "dhcp does not go with ptp");
    expect_failure(network({{"dns", {{"search", "x"}}}}), 7, "\"dns.search\"");
    expect_failure(network({{"ipam", {{"type", "none"}}}}), 999,
                   "failed to find plugin \"none\" in path");
}

TEST_F(PtpAdd, TakesNegativeMtusForTheKernelsChoice) {
    const TestNetns c("c1");
    EXPECT_EQ(link(host_end(add(c, network({{"mtu", -5}}))))["mtu"], 1500);
}

TEST_F(PtpAdd, ReleasesAddressesItCannotUse) {
    const ScriptedIpam ipam;
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"({"cniVersion":"1.0.0"})", "IPAM plugin returned missing IP config"},
        {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.2/32"}]})",
         "address 10.1.2.2/32 has no gateway"},
        {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.1/24"}]})",
         "address 10.1.2.1/24 has no gateway"},
        {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.2/24","gateway":"fd00::1"}]})",
         "gateway fd00::1 of address 10.1.2.2/24 is of the other family"},
        {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.2/24","gateway":"10.1.2.2"}]})",
         "gateway 10.1.2.2 of address 10.1.2.2/24 is the address itself"},
        {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.2/24"}],
             "routes":[{"dst":"10.9.0.0/16","gw":"10.7.0.1"}]})",
         "failed to add route '10.9.0.0/16 via 10.7.0.1 dev eth0"},
    };
    for (const auto& [result, message] : cases) {
        ipam.answer(result);
        expect_failure(scripted(), 999, message);
        EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0") << message;
    }
    ipam.on("ADD", "echo '{\"code\": 100, \"msg\": \"exhausted\"}'; exit 1");
    expect_failure(scripted(), 100, "exhausted");
}

TEST_F(PtpAdd, OfAContainerThatLivesElsewhereLeavesThatAlone) {
    const TestNetns first("c1"), second("c2");
    add(first, network());
    const Snapshot before = host_snapshot();
    PluginArgs again = args(second);
    again.container_id = first.name();
    const PluginRun run = call("ADD", again, network());
    EXPECT_THAT(run.error_message(), HasSubstr("duplicate allocation is not allowed"));
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(PtpAdd, ReleasesAddressesWhenTheKernelRefuses) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    expect_failure(scripted({{"mtu", 20}}), 999, "failed to make veth pair");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    ipam.answer(R"({"cniVersion":"1.0.0","ips":[{"address":"ff02::2/64","gateway":"fd00::1"}]})");
    expect_failure(scripted(), 999, "failed to add IP addr ff02::2/64 to \"eth0\"");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    output_of(
        {"sh", "-c", "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys"});
    expect_failure(
        scripted(), 999,
        "failed to enable forwarding: set net/ipv4/ip_forward to 1: Read-only file system");
    output_of({"umount", "/proc/sys"});
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

TEST_F(PtpAdd, EveryAddressIsTheContainersWhateverIpamSays) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion":"1.0.0","interfaces":[{"name":"other"}],
                    "ips":[{"address":"10.1.2.2/24","interface":0}]})");
    const TestNetns c("c1");
    const json result = add(c, scripted());
    EXPECT_EQ(result["ips"][0]["interface"], 1);
    EXPECT_EQ(result["interfaces"].size(), 2u);
    EXPECT_EQ(result["interfaces"][1]["name"], "eth0");
}

// A MAC cannot be chosen, and CNI_ARGS are IPAM's to understand.
TEST_F(PtpAdd, ArgumentsAreLeftToIpam) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    ipam.on("DEL", "test \"$CNI_ARGS\" = 'FOO=bar;MAC=02:00:00:00:00:02'");
    const TestNetns c("c1");
    PluginArgs with_args = args(c);
    with_args.args = "FOO=bar;MAC=02:00:00:00:00:02";
    const json config = scripted({{"runtimeConfig", {{"mac", "02:00:00:00:00:02"}}}});
    const PluginRun run = call("ADD", with_args, config);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_NE(link(c, "eth0")["address"], "02:00:00:00:00:02");
    const PluginRun del = call("DEL", with_args, config);
    EXPECT_TRUE(del.ok()) << del.report();
}

TEST_F(PtpAdd, RefusesANamespaceThatIsNoneOrItsOwn) {
    const Snapshot before = host_snapshot();
    for (const auto& [path, message] : std::vector<std::pair<std::string, std::string>>{
             {"/run/netns/none", "failed to open netns \"/run/netns/none\""},
             {"/etc/passwd", "failed to open netns \"/etc/passwd\""},
             {"/proc/self/ns/net", ""}}) {
        PluginArgs wrong{.netns = path};
        const PluginRun run = call("ADD", wrong, network());
        EXPECT_EQ(run.error_code(), 8) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
    }
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(PtpAdd, ASecondAddOfTheSameInterfaceChangesNothing) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted({{"ipMasq", true}}));
    const Snapshot before = host_snapshot();
    const PluginRun run = call("ADD", args(c), scripted({{"ipMasq", true}}));
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_EQ(run.error_message(), "container veth name (\"eth0\") peer provided already exists");
    EXPECT_EQ(host_snapshot(), before);
    EXPECT_EQ(ipam.calls().size(), 1u) << "IPAM is not asked for it";
}

TEST_F(PtpAdd, TakesAnotherNameWhenItsOwnIsTaken) {
    const TestNetns c("c1"), d("d1");
    const std::string name = host_end(add(c, network()));
    del(c, network());
    output_of({"ip", "link", "add", name, "type", "bridge"});
    const json result = add(c, network());
    EXPECT_NE(host_end(result), name);
    del(c, network());
    EXPECT_TRUE(link(host_end(result)).is_null());
    EXPECT_FALSE(link(name).is_null());
}

}  // namespace
}  // namespace cni::test
