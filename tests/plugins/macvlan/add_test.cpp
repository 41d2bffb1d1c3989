// What ADD makes for each key, and prints.
#include "fixture.h"
#include "support/link_watch.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

using MacvlanAdd = MacvlanTest;

TEST_F(MacvlanAdd, PrintsTheInterfaceAndWhatIpamSaid) {
    const TestNetns c("c1");
    const json config = network({{"cniVersion", "1.1.0"},
                                 {"mtu", 1400},
                                 {"mac", "02:00:00:00:00:09"},
                                 {"bcqueuelen", 2000}});
    EXPECT_EQ(
        add(c, config),
        json({{"cniVersion", "1.1.0"},
              {"interfaces",
               {{{"name", "eth0"},
                 {"mac", "02:00:00:00:00:09"},
                 {"mtu", 1400},
                 {"sandbox", c.path()}}}},
              {"ips",
               {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}},
                {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 0}}}},
              {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    const json made = link(c, "eth0");
    EXPECT_EQ(made["address"], "02:00:00:00:00:09");
    EXPECT_EQ(made["mtu"], 1400);
    EXPECT_EQ(made["ifalias"], "cnixx:net1/c1/eth0");
    EXPECT_THAT(made["flags"], Contains("UP"));
    EXPECT_EQ(made["linkinfo"]["info_kind"], "macvlan");
    EXPECT_EQ(settings(c)["mode"], "bridge");
    EXPECT_EQ(settings(c)["bcqueuelen"], 2000);
    EXPECT_EQ(addresses(c), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_THAT(c.output_of({"ip", "route", "show", "default"}), HasSubstr("via 10.1.2.1"));
    EXPECT_THAT(c.output_of({"ip", "-6", "route", "show", "default"}),
                HasSubstr("via fd00:1:2::1"));
}

TEST_F(MacvlanAdd, LeavesMtuAndMacToTheKernel) {
    shell("ip link set uplink mtu 1450");
    const TestNetns c("c1"), d("d1");
    const json one = add(c, network()), other = add(d, network());
    EXPECT_EQ(link(c, "eth0")["mtu"], 1450);
    EXPECT_EQ(mac(one), link(c, "eth0")["address"]);
    EXPECT_NE(mac(one), mac(other));
    EXPECT_NE(mac(one), link("uplink")["address"]);
}

TEST_F(MacvlanAdd, HasTheModeThatIsAskedFor) {
    for (const char* mode : {"bridge", "private", "vepa", "passthru", ""}) {
        const TestNetns c("c1");
        const json config = network({{"mode", mode}});
        const json result = add(c, config);
        EXPECT_EQ(settings(c)["mode"], *mode ? mode : "bridge");
        EXPECT_EQ(settings(c)["bcqueuelen"], 1000);
        expect_sound(c, config, result);
        del(c, config);
    }
}

TEST_F(MacvlanAdd, InPassthruHasTheMacOfTheMaster) {
    const TestNetns c("c1");
    const std::string own = link("uplink")["address"];
    const json asked = network({{"mode", "passthru"}, {"mac", own}});
    for (const json& config : {network({{"mode", "passthru"}}), asked}) {
        EXPECT_EQ(mac(add(c, config)), own);
        EXPECT_EQ(link(c, "eth0")["address"], own);
        del(c, config);
    }
    EXPECT_EQ(link("uplink")["address"], own);
}

TEST_F(MacvlanAdd, WithoutIpamIsOnlyUp) {
    const TestNetns c("c1");
    const json config = layer2_network();
    const json result = add(c, config);
    EXPECT_EQ(
        result,
        json({{"cniVersion", "1.0.0"},
              {"interfaces",
               {{{"name", "eth0"}, {"mac", link(c, "eth0")["address"]}, {"sandbox", c.path()}}}}}));
    EXPECT_THAT(link(c, "eth0")["flags"], Contains("UP"));
    EXPECT_EQ(addresses(c), std::vector<std::string>{});
    expect_sound(c, config, result);
    del(c, config);
    EXPECT_TRUE(link(c, "eth0").is_null());
}

TEST_F(MacvlanAdd, TakesTheLastOfTheMacsThatAreAskedFor) {
    const std::string key = "02:00:00:00:00:01", args_cni = "02:00:00:00:00:03",
                      capability = "02:00:00:00:00:04";
    const json keys = {{"mac", key}},
               with_args = {{"mac", key}, {"args", {{"cni", {{"mac", args_cni}}}}}},
               with_all = {{"mac", key},
                           {"args", {{"cni", {{"mac", args_cni}}}}},
                           {"runtimeConfig", {{"mac", capability}}}};
    const std::string in_args = "IgnoreUnknown=1;MAC=02:00:00:00:00:02";
    const std::vector<std::tuple<json, std::string, std::string>> cases = {
        {keys, "", key},
        {keys, in_args, "02:00:00:00:00:02"},
        {with_args, in_args, args_cni},
        {with_all, in_args, capability},
        {{{"runtimeConfig", {{"mac", capability}}}}, "", capability},
        {json::object(), in_args, "02:00:00:00:00:02"}};
    for (const auto& [asked, cni_args, expected] : cases) {
        const TestNetns c("c1");
        PluginArgs with = args(c);
        with.args = cni_args;
        const PluginRun run = call("ADD", with, layer2_network(asked));
        ASSERT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(mac(run.json()), expected) << asked << cni_args;
        EXPECT_EQ(link(c, "eth0")["address"], expected);
        del(c, layer2_network());
    }
}

TEST_F(MacvlanAdd, WithoutAMasterIsOnTheInterfaceOfTheDefaultRoute) {
    shell("ip link add other up type veth peer name x; ip address add 10.7.7.7/24 dev other");
    for (const char* route : {"-6 route add default via fd00:1:2::1 dev uplink",
                              "route add default via 10.1.2.1 dev uplink"}) {
        shell(cat("ip ", route));
        const TestNetns c("c1");
        const json config = network({{"master", nullptr}});
        const json result = add(c, config);
        EXPECT_TRUE(ping(c.netns(), outside().address())) << route;
        expect_sound(c, config, result);
        del(c, config);
    }
}

TEST_F(MacvlanAdd, MayBeOnAnInterfaceInTheContainer) {
    for (const json& keys : {json({{"master", "net0"}, {"linkInContainer", true}}),
                             json({{"master", nullptr}, {"linkInContainer", true}})}) {
        const TestNetns c("c1");
        shell(
            "ip link add wire type veth peer name net0 netns c1;"
            "ip -n c1 link set net0 up mtu 1450; ip -n c1 address add 10.9.9.9/24 dev net0;"
            "ip -n c1 route add default via 10.9.9.1 dev net0");
        json config = network(keys);
        config["ipam"]["routes"] = {{{"dst", "10.8.0.0/16"}}};
        const json result = add(c, config);
        EXPECT_EQ(link(c, "eth0")["link"], "net0");
        EXPECT_EQ(link(c, "eth0")["mtu"], 1450);
        EXPECT_EQ(result["interfaces"][0]["name"], "eth0");
        expect_sound(c, config, result);
        del(c, config);
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_FALSE(link(c, "net0").is_null());
        shell("ip link delete wire");
    }
}

TEST_F(MacvlanAdd, MayBeOnAMacvlan) {
    shell("ip link add link uplink name own up type macvlan mode bridge");
    const TestNetns c("c1");
    const json config = network({{"master", "own"}});
    const json result = add(c, config);
    EXPECT_TRUE(ping(c.netns(), outside().address()));
    expect_sound(c, config, result);
}

TEST_F(MacvlanAdd, KeepsTheDnsOfIpamUnlessItsOwnSaysSomething) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}, {{"dns", {{"nameservers", {"10.1.2.1"}}}}}));
    const json theirs = {{"nameservers", {"10.1.2.1"}}}, own = {{"domain", "example"}};
    for (const auto& [keys, expected] :
         std::vector<std::pair<json, json>>{{json::object(), theirs},
                                            {{{"dns", json::object()}}, theirs},
                                            {{{"dns", own}}, own}}) {
        const TestNetns c("c1");
        EXPECT_EQ(add(c, scripted(keys))["dns"], expected) << keys;
    }
}

TEST_F(MacvlanAdd, SaysThatAMasterIsDown) {
    shell("ip link set uplink down");
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, network());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("master uplink is down"));
    shell("ip link set uplink up");
    EXPECT_TRUE(ping(c.netns(), outside().address()));
}

// Under its name from the first moment on, and never on the host.
TEST_F(MacvlanAdd, MakesTheInterfaceInItsPlace) {
    const TestNetns c("c1");
    const LinkWatch here(Netns::current()), there(c.netns());
    add(c, network());
    EXPECT_THAT(here.names(), ::testing::IsSubsetOf({"uplink"}));
    EXPECT_THAT(there.names(), ::testing::ElementsAre("eth0"));
}

}  // namespace
}  // namespace cni::test
