// An upgrade: plugin and daemon of the reference on the other side.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DhcpUpgrade : public DhcpTest {
protected:
    void SetUp() override {
        DhcpTest::SetUp();
        if (!IsSkipped() && !reference_dir()) GTEST_SKIP() << "no reference plugins";
    }
    /// Their plugin, with the interface made by hand.
    static PluginRun theirs(const std::string& command, const TestNetns& c, const json& config) {
        PluginArgs args = BridgeCalls::args(c);
        args.executables = *reference_dir();
        return dhcp(command, args, config);
    }
    static void make_interface(const TestNetns& c) {
        output_of({"ip", "link", "add", "eth0", "link", "uplink", "netns", c.name(), "type",
                   "macvlan", "mode", "bridge"});
    }
    /// Both say the same, and the server takes the address back.
    void expect_to_work(const std::function<PluginRun(const std::string&, const TestNetns&)>& ask) {
        const TestNetns c("c1");
        make_interface(c);
        const PluginRun added = ask("ADD", c);
        ASSERT_TRUE(added.ok()) << added.report();
        const std::string address = added.json()["ips"][0]["address"];
        EXPECT_THAT(given(), ElementsAre(address.substr(0, address.find('/'))));
        EXPECT_EQ(added.json()["routes"], json({{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}}}));
        c.output_of({"ip", "addr", "add", address, "dev", "eth0"});
        const PluginRun again = ask("ADD", c);
        ASSERT_TRUE(again.ok()) << again.report();
        EXPECT_EQ(again.json(), added.json());
        const PluginRun deleted = ask("DEL", c);
        EXPECT_TRUE(deleted.ok()) << deleted.report();
    }
};

TEST_F(DhcpUpgrade, TheirPluginIsServedByOurDaemon) {
    const Process server = start_dnsmasq();
    const Process daemon = start_daemon();
    const json config = network();
    expect_to_work([&](const auto& command, const auto& c) { return theirs(command, c, config); });
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
    const TestNetns d("d1");
    EXPECT_THAT(theirs("ADD", d, config).error_message(), HasSubstr("error calling DHCP.Allocate"));
}

TEST_F(DhcpUpgrade, OurPluginIsServedByTheirDaemon) {
    const Process server = start_dnsmasq();
    output_of({"mkdir", "-p", "/run/cni"});
    const Process daemon = start_daemon({}, *reference_dir());
    const json config = network();
    expect_to_work([&](const auto& command, const auto& c) { return dhcp(command, c, config); });
    const TestNetns c("c2");
    make_interface(c);
    const PluginRun added = dhcp("ADD", c, config);
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_TRUE(dhcp("CHECK", c, recorded(config, added.json())).ok());
    json gc = config;
    gc["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(dhcp("GC", gc).ok());
    const TestNetns d("d1");
    EXPECT_THAT(dhcp("ADD", d, config).error_message(),
                HasSubstr("error calling DHCP.Allocate: error looking up"));
}

}  // namespace
}  // namespace cni::test
