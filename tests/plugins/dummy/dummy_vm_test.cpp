// The interfaces that the dummy plugin makes.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class VmDummy : public VmTest, protected DummyCalls {
protected:
    PluginRun add_with(const TestNetns& c, const json& config, const std::string& cni_args) const {
        PluginArgs with = args(c);
        with.args = cni_args;
        return call("ADD", with, config);
    }
};

TEST_F(VmDummy, AddPrintsWhatItMade) {
    const TestNetns c("c1");
    const json result = add(c, network({{"cniVersion", "1.1.0"}}));
    const json made = link(c, "eth0");
    EXPECT_EQ(
        result,
        json(
            {{"cniVersion", "1.1.0"},
             {"interfaces",
              {{{"name", "eth0"}, {"mac", made["address"]}, {"mtu", 1500}, {"sandbox", c.path()}}}},
             {"ips",
              {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}},
               {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 0}}}},
             {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    EXPECT_EQ(made["linkinfo"]["info_kind"], "dummy");
    EXPECT_THAT(made["flags"], Contains("UP"));
    EXPECT_EQ(made["ifalias"], "cnixx:net1/c1/eth0");
    EXPECT_EQ(addresses(c), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("default via 10.1.2.1 dev eth0"));
    EXPECT_THAT(c.output_of({"ip", "-6", "route"}), HasSubstr("default via fd00:1:2::1 dev eth0"));
}

TEST_F(VmDummy, MacAndMtuAreAsAsked) {
    const TestNetns c("c1");
    json config = network({{"cniVersion", "1.1.0"}, {"mac", "02:00:00:00:00:01"}, {"mtu", 1400}});
    const json result = add(c, config);
    EXPECT_EQ(result["interfaces"][0]["mac"], "02:00:00:00:00:01");
    EXPECT_EQ(result["interfaces"][0]["mtu"], 1400);
    EXPECT_EQ(mac(c), "02:00:00:00:00:01");
    EXPECT_EQ(link(c, "eth0")["mtu"], 1400);
    del(c, config);
    const PluginRun run = add_with(c, config, "IgnoreUnknown=1;MAC=02:00:00:00:00:02");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(mac(c), "02:00:00:00:00:02");
    del(c, config);
    config["runtimeConfig"] = {{"mac", "02:00:00:00:00:03"}};
    add(c, config);
    EXPECT_EQ(mac(c), "02:00:00:00:00:03");
}

TEST_F(VmDummy, CniArgsOfTheIpamPluginAreNoneOfItsBusiness) {
    const TestNetns c("c1");
    const PluginRun run = add_with(c, network(), "IP=10.1.2.77");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(addresses(c), Contains("10.1.2.77/24"));
}

TEST_F(VmDummy, ItsAddressesAnswerInsideAndWhatIsSentOnIsDropped) {
    const TestNetns c("c1");
    const json result = add(c, network());
    c.output_of({"ip", "link", "set", "lo", "up"});
    for (const char family : {'4', '6'}) {
        const std::string address = address_of(result, family);
        EXPECT_TRUE(ping(c.netns(), address));
        const Exchange seen =
            exchange_tcp({.server = c.netns(), .address = address, .client = c.netns()});
        EXPECT_TRUE(seen.answered) << seen.failure;
        EXPECT_EQ(seen.peer_address, address);
        EXPECT_FALSE(ping(Netns::current(), address)) << "it is on no network";
    }
    EXPECT_FALSE(ping(c.netns(), "10.1.2.1"));
    EXPECT_FALSE(ping(c.netns(), "fd00:1:2::1"));
}

TEST_F(VmDummy, StatusTriesWhatAddWouldMake) {
    const PluginRun run = call("STATUS", network({{"mac", "02:00:00:00:00:01"}, {"mtu", 1400}}));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
}

// As that one makes it: the package of the distribution does not have it.
TEST_F(VmDummy, TakesOverWhatTheReferencePluginMade) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    const Snapshot before = c.run(take_snapshot);
    shell(c,
          "ip link add eth0 type dummy; ip address add 10.1.2.2/24 dev eth0;"
          "ip link set eth0 up; ip route add default via 10.1.2.1 dev eth0");
    const json result = {
        {"cniVersion", "1.0.0"},
        {"interfaces", {{{"mac", mac(c)}, {"name", "eth0"}, {"sandbox", c.path()}}}},
        {"ips", {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}}}},
        {"routes", {{{"dst", "0.0.0.0/0"}}}}};
    expect_sound(c, scripted(), result);
    del(c, recorded(scripted(), result));
    EXPECT_EQ(c.run(take_snapshot), before);
}

}  // namespace
}  // namespace cni::test
