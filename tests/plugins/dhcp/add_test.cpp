// Leases of a real server, by the plugins that ask for them.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DhcpAdd : public DhcpTest {
protected:
    /// The bridge plugin, with a machine on the bridge that serves DHCP: that outside.
    static json bridge_network() {
        json config = layer2({{"ipam", {{"type", "dhcp"}}}, {"bridge", "br0"}});
        return config;
    }
};

TEST_F(DhcpAdd, PrintsWhatTheServerSays) {
    const Process server = start_dnsmasq(
        {"--dhcp-option=option:dns-server,10.1.2.53,10.1.2.54", "--domain=example.org",
         "--dhcp-option=option:domain-search,a.example,b.example",
         "--dhcp-option=121,192.168.5.0/24,10.1.2.2,0.0.0.0/0,10.1.2.1"});
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json config = network({{"cniVersion", "1.1.0"}});
    const json result = add(c, config);
    const std::string address = result["ips"][0]["address"];
    EXPECT_THAT(address, StartsWith("10.1.2."));
    EXPECT_EQ(result["ips"],
              json({{{"address", address}, {"gateway", "10.1.2.1"}, {"interface", 0}}}));
    EXPECT_EQ(result["routes"], json({{{"dst", "192.168.5.0/24"}, {"gw", "10.1.2.2"}},
                                      {{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}}}));
    EXPECT_EQ(result["dns"], json({{"nameservers", {"10.1.2.53", "10.1.2.54"}},
                                   {"domain", "example.org"},
                                   {"search", {"a.example", "b.example"}}}));
    EXPECT_THAT(addresses(c), ElementsAre(address));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("192.168.5.0/24 via 10.1.2.2"));
    expect_sound(c, config, result);
}

// As hosts of clouds have it: the gateway is on the link, and nothing else is.
TEST_F(DhcpAdd, RoutesOnTheLinkAreThatInEveryVersion) {
    FakeServer server(outside().netns().netns(), "eth0");
    FakeServer::Script script{.address = {*Ip::parse("10.1.2.50"), 32}};
    script.options[dhcp::option4::classless_routes] = {32, 10, 1, 2,  1,  0, 0, 0, 0, 0, 10,
                                                       1,  2,  1, 16, 10, 8, 0, 0, 0, 0};
    server.set(script);
    const Process daemon = start_daemon();
    for (const char* version : {"1.1.0", "1.0.0", "0.4.0", "0.2.0"}) {
        const TestNetns c("c1");
        const json config = network({{"cniVersion", version}});
        const json result = add(c, config);
        const std::string routes = c.output_of({"ip", "route"});
        EXPECT_THAT(routes, HasSubstr("10.1.2.1 dev eth0 scope link")) << version;
        EXPECT_THAT(routes, HasSubstr("10.8.0.0/16 dev eth0 scope link")) << version;
        EXPECT_THAT(routes, HasSubstr("default via 10.1.2.1")) << version;
        const PluginRun alone = dhcp("ADD", c, config);
        ASSERT_TRUE(alone.ok()) << alone.report();
        const json printed = alone.json();
        const json of_ipv4 = printed.contains("ip4") ? printed["ip4"] : printed;
        json on_link = {{"dst", "10.8.0.0/16"}, {"gw", "0.0.0.0"}};
        if (version == std::string_view("1.1.0"))
            on_link = {{"dst", "10.8.0.0/16"}, {"scope", 253}};
        EXPECT_THAT(of_ipv4["routes"], Contains(on_link)) << version;
        if (version != std::string_view("0.2.0")) expect_sound(c, config, result);
        del(c, config);
    }
}

TEST_F(DhcpAdd, DelGivesTheAddressBack) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json config = network();
    const std::string address = add(c, config)["ips"][0]["address"];
    EXPECT_THAT(given(), ElementsAre(address.substr(0, address.find('/'))));
    del(c, config);
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
    del(c, config);
}

TEST_F(DhcpAdd, WorksThroughABridge) {
    output_of({"sh", "-ec",
               "ip link add br0 type bridge; ip link set br0 up;"
               "ip addr flush dev uplink; ip link set uplink master br0"});
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json result = BridgeCalls::add(c, bridge_network());
    EXPECT_THAT(addresses(c), ElementsAre(result["ips"][0]["address"]));
    EXPECT_THAT(given(), ::testing::SizeIs(1));
    BridgeCalls::del(c, bridge_network());
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
}

TEST_F(DhcpAdd, TellsTheServerWhatIsProvided) {
    const Process server = start_dnsmasq({"--dhcp-vendorclass=set:known,typed-class",
                                          "--dhcp-option=tag:known,option:router,10.1.2.77"});
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json provide = {{{"option", "60"}, {"hex", "0x74797065642d636c617373"}},
                          {{"option", "host-name"}, {"fromArg", "K8S_POD_NAME"}}};
    PluginArgs with_args = args(c);
    with_args.args = "IgnoreUnknown=1;K8S_POD_NAME=web-1";
    const PluginRun run = call("ADD", with_args, network(json::object(), {{"provide", provide}}));
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json()["ips"][0]["gateway"], "10.1.2.77");
    EXPECT_THAT(*read_file(dnsmasq_leases, 1u << 20), HasSubstr(" web-1 "));
}

TEST_F(DhcpAdd, RoutesHaveThePriority) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    add(c, network({{"cniVersion", "1.1.0"}}, {{"priority", 150}}));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("metric 150"));
}

TEST_F(DhcpAdd, ASecondInterfaceHasALeaseOfItsOwn) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    add(c, network(), "eth0");
    add(c, network(), "eth1");
    EXPECT_THAT(given(), ::testing::SizeIs(2));
    del(c, network(), "eth0");
    EXPECT_TRUE(comes_true([] { return given().size() == 1; }));
    EXPECT_THAT(addresses(c, "eth1"), ElementsAre(cat(given()[0], "/24")));
}

TEST_F(DhcpAdd, GcReleasesWhatNoValidAttachmentHas) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns one("c1"), two("c2");
    const std::string kept = add(one, network())["ips"][0]["address"];
    add(two, network());
    json config = network();
    config["cni.dev/valid-attachments"] = {{{"containerID", "c1"}, {"ifname", "eth0"}}};
    const PluginRun run = dhcp("GC", config);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_TRUE(comes_true([] { return given().size() == 1; }));
    EXPECT_THAT(given(), ElementsAre(kept.substr(0, kept.find('/'))));
    config["name"] = "other";
    config["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(dhcp("GC", config).ok());
    EXPECT_TRUE(
        dhcp("CHECK", args(one), recorded(network(), {{"ips", json::array({{{"address", kept}}})}}))
            .ok());
}

TEST_F(DhcpAdd, CheckNoticesThatTheAddressIsGone) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json result = add(c, network());
    EXPECT_TRUE(dhcp("CHECK", c, recorded(network(), result)).ok());
    c.output_of({"ip", "addr", "flush", "dev", "eth0"});
    const PluginRun run = dhcp("CHECK", c, recorded(network(), result));
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), HasSubstr("lacks the address of its lease"));
    const TestNetns d("d1");
    EXPECT_THAT(dhcp("CHECK", d, recorded(network(), result)).error_message(),
                HasSubstr("there is no lease of d1/net1/eth0"));
}

}  // namespace
}  // namespace cni::test
