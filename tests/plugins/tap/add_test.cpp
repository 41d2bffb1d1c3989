// What ADD makes for each key, and prints; what it leaves when it fails: nothing.
#include "fixture.h"
#include "support/link_watch.h"
#include "support/tap_program.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using TapAdd = TapTest;

TEST_F(TapAdd, PrintsTheInterfaceAndWhatIpamSaid) {
    const TestNetns c("c1");
    const json config = network({{"cniVersion", "1.1.0"},
                                 {"mtu", 1400},
                                 {"mac", "02:00:00:00:00:09"},
                                 {"multiQueue", true},
                                 {"owner", 0},
                                 {"group", 0}});
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
    EXPECT_EQ(tun(c), json({{"type", "tap"},
                            {"pi", false},
                            {"vnet_hdr", true},
                            {"multi_queue", true},
                            {"numqueues", 0},
                            {"numdisabled", 0},
                            {"persist", true},
                            {"user", "root"},
                            {"group", "root"}}));
    EXPECT_EQ(addresses(c), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_THAT(c.output_of({"ip", "route", "show", "default"}), HasSubstr("via 10.1.2.1"));
}

TEST_F(TapAdd, WithoutKeysTheKernelChooses) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, layer2_network()), other = add(d, layer2_network());
    EXPECT_EQ(
        one,
        json({{"cniVersion", "1.0.0"},
              {"interfaces",
               {{{"name", "eth0"}, {"mac", link(c, "eth0")["address"]}, {"sandbox", c.path()}}}}}));
    EXPECT_NE(mac(one), mac(other));
    EXPECT_EQ(link(c, "eth0")["mtu"], 1500);
    EXPECT_THAT(link(c, "eth0")["flags"], Contains("UP"));
    EXPECT_EQ(tun(c), json({{"type", "tap"},
                            {"pi", false},
                            {"vnet_hdr", false},
                            {"multi_queue", false},
                            {"persist", true}}));
    EXPECT_THAT(addresses(c), IsEmpty());
}

// The header of virtio is as the reference plugin has it, which makes taps in two ways.
TEST_F(TapAdd, OwnerAndGroupAreSetWhereTheyAreGiven) {
    for (const auto& [keys, owner, group, header] : std::vector<std::tuple<json, bool, bool, bool>>{
             {{{"owner", 0}}, true, false, false},
             {{{"group", 0}}, false, true, false},
             {{{"owner", nullptr}, {"group", nullptr}}, false, false, false},
             {{{"owner", 0}, {"group", 0}}, true, true, true}}) {
        const TestNetns c("c1");
        add(c, layer2_network(keys));
        EXPECT_EQ(tun(c).contains("user"), owner) << keys;
        EXPECT_EQ(tun(c).contains("group"), group) << keys;
        EXPECT_EQ(tun(c)["vnet_hdr"], header) << keys;
        EXPECT_EQ(tun(c)["pi"], false) << keys;
    }
}

TEST_F(TapAdd, TheLastOfThreeSourcesSaysTheMac) {
    const TestNetns c("c1");
    PluginArgs arguments = args(c);
    const auto mac_with = [&](const json& keys, const std::string& cni_args) {
        arguments.args = cni_args;
        const PluginRun run = call("ADD", arguments, layer2_network(keys));
        EXPECT_TRUE(run.ok()) << run.report();
        const PluginRun check =
            call("CHECK", arguments, recorded(layer2_network(keys), run.json()));
        EXPECT_TRUE(check.ok()) << check.report();
        EXPECT_TRUE(call("DEL", arguments, layer2_network(keys)).ok());
        return mac(run.json());
    };
    json keys = {{"mac", "02:00:00:00:00:01"}, {"args", {{"cni", {{"mac", "x"}}}}}};
    EXPECT_EQ(mac_with(keys, ""), "02:00:00:00:00:01");
    EXPECT_EQ(mac_with(keys, "MAC=02:00:00:00:00:02"), "02:00:00:00:00:02");
    keys["runtimeConfig"]["mac"] = "02:00:00:00:00:03";
    EXPECT_EQ(mac_with(keys, "IgnoreUnknown=1;K=V;MAC=02:00:00:00:00:02"), "02:00:00:00:00:03");
    EXPECT_EQ(mac_with({{"runtimeConfig", {{"mac", "02:00:00:00:00:03"}}}}, ""),
              "02:00:00:00:00:03");
}

TEST_F(TapAdd, NobodySeesAnotherName) {
    const TestNetns c("c1");
    const LinkWatch inside(c.netns()), here(Netns::current());
    const json config = network({{"mac", "02:00:00:00:00:01"}});
    add(c, config);
    del(c, config);
    EXPECT_EQ(inside.names(), std::set<std::string>{"eth0"});
    EXPECT_THAT(here.names(), IsEmpty());
}

TEST_F(TapAdd, BecomesAPortOfABridgeInTheContainer) {
    const TestNetns c("c1");
    shell(c, "ip link add br0 type bridge");
    const json config = network({{"bridge", "br0"}}), result = add(c, config);
    EXPECT_EQ(link(c, "eth0")["master"], "br0");
    EXPECT_THAT(link(c, "eth0")["flags"], Contains("UP"));
    expect_sound(c, config, result);
    del(c, config);
    EXPECT_FALSE(link(c, "br0").is_null());
}

TEST_F(TapAdd, RefusesWhatIsWrongBeforeAnything) {
    for (const auto& [keys, message] : std::vector<std::pair<json, std::string>>{
             {{{"multiQueue", "yes"}}, "\"multiQueue\" must be true or false, not a string"},
             {{{"mtu", 70000}}, "\"mtu\""},
             {{{"mac", "x"}}, "invalid args x for MAC addr: address x: invalid MAC address"},
             {{{"mac", "01:00:5e:00:00:01"}},
              "an interface cannot have the MAC address 01:00:5e:00:00:01"},
             {{{"owner", -1}}, "\"owner\" must be between 0 and 4294967295"},
             {{{"group", "root"}}, "\"group\" must be"},
             {{{"bridge", "a/b"}}, "invalid interface name \"a/b\""},
             {{{"selinuxContext", 5}}, "\"selinuxContext\" must be a string, not a number"},
             {{{"ipam", nullptr}, {"cniVersion", "0.2.0"}},
              "cannot convert: no valid IP addresses"}}) {
        const TestNetns c("c1");
        const Snapshot before = c.run(take_snapshot);
        const PluginRun run = call("ADD", c, network(keys));
        EXPECT_EQ(run.error_code(), 7) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message)) << keys;
        EXPECT_EQ(c.run(take_snapshot).links, before.links);
        EXPECT_THAT(leases(), IsEmpty());
    }
    expect_refused(network(), 4, "ARGS: unknown args [\"K=V\"]", "K=V");
}

TEST_F(TapAdd, WhatTheKernelRefusesIsTakenBack) {
    expect_refused(network({{"bridge", "br7"}}), 999, "failed to get bridge br7: Link not found");
    expect_refused(network({{"bridge", "lo"}}), 999,
                   "failed to set tap eth0 as a port of bridge lo: Operation not supported");
    expect_refused(network({{"mtu", 65535}}), 999, "set MTU of eth0 to 65535: Invalid argument");
    expect_refused(network({{"mtu", 20}}), 999, "set MTU of eth0 to 20: Invalid argument");
    EXPECT_EQ(expect_refused(network({{"owner", 5}}), 999,
                             "set the owner of eth0 to 5: Invalid argument"),
              "the plugin's user namespace has no such id");
    expect_refused(network({{"group", 5}}), 999, "set the group of eth0 to 5: Invalid argument");
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion":"1.0.0","ips":[{"address":"ff02::2/64"}]})");
    expect_refused(scripted(), 999,
                   "failed to add IP addr ff02::2/64 to \"eth0\": Cannot assign requested address");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    ipam.answer(R"({"cniVersion":"1.0.0"})");
    expect_refused(scripted(), 999, "IPAM plugin returned missing IP config");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    ipam.on("ADD", "echo '{\"code\": 100, \"msg\": \"exhausted\"}'; exit 1");
    expect_refused(scripted(), 100, "exhausted");
}

TEST_F(TapAdd, ANameThatIsTakenIsLeftAlone) {
    for (const char* other : {"ip link add eth0 type veth peer name x",
                              "ip tuntap add eth0 mode tap", "ip link add eth0 type bridge"}) {
        const TestNetns c("c1");
        shell(c, other);
        const Snapshot before = c.run(take_snapshot);
        const PluginRun run = call("ADD", c, network());
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_EQ(run.error_message(), "failed to create tap eth0: File exists");
        EXPECT_EQ(c.run(take_snapshot).links, before.links);
        EXPECT_THAT(leases(), IsEmpty());
    }
}

// The kernel would make a number of it, and the tap stay for ever.
TEST_F(TapAdd, ANameIsTakenAsItIs) {
    const TestNetns c("c1");
    const PluginRun run = call("ADD", args(c, "tap%d"), network());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_EQ(run.error_message(),
              "failed to create tap: it is called tap0 instead of tap%d: Invalid argument");
    EXPECT_EQ(c.output_of({"ip", "-o", "link", "show", "type", "tun"}), "");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(TapAdd, WithoutTheDeviceItSaysWhatIsMissing) {
    shell("mount -t tmpfs dev /dev/net");
    EXPECT_EQ(expect_refused(network(), 999,
                             "failed to create tap: open /dev/net/tun: No such file or directory"),
              "the kernel needs the module tun: modprobe tun");
    const PluginRun status = call("STATUS", network());
    EXPECT_EQ(status.error_code(), 50) << status.report();
    EXPECT_THAT(status.error_message(), HasSubstr("open /dev/net/tun: No such file or directory"));
    shell("umount /dev/net");
}

// As the reference plugin fails.
TEST_F(TapAdd, WithoutSelinuxThereIsNoContext) {
    const json config = network({{"selinuxContext", "system_u:system_r:container_t:s0"}});
    EXPECT_THAT(expect_refused(config, 999,
                               "failed set socket label: write /proc/thread-self/attr/exec: "
                               "Invalid argument"),
                HasSubstr("SELinux is off"));
    EXPECT_EQ(call("STATUS", config).error_code(), 50);
}

// What it executes itself for, with the label that it cannot have here.
TEST_F(TapAdd, ItsOtherProcessAttachesToTheDescriptorItGets) {
    const std::string shown =
        output_of({"bash", "-c",
                   cat("exec 9<>/dev/net/tun; unset CNI_COMMAND; for turn in 1 2; do ", bin_dir(),
                       "/tap --cnixx-attach-tap 9 tap7 1 1; echo $?; done; ", bin_dir(),
                       "/tap --cnixx-attach-tap x tap8 0 0; echo $?; ", "ip -d link show tap7")});
    EXPECT_THAT(shown, ::testing::StartsWith(cat("0\n", EEXIST, "\n", EBADF, "\n")));
    EXPECT_THAT(shown, HasSubstr("pi off vnet_hdr on multi_queue"));
    EXPECT_THAT(shown, HasSubstr("persist off"));
}

TEST_F(TapAdd, ItsDnsReplacesThatOfIpam) {
    const TestNetns c("c1");
    json config = network({{"dns", {{"search", {"a.example"}}}}});
    config["ipam"] = {{"type", "static"},
                      {"addresses", {{{"address", "10.1.2.9/24"}}}},
                      {"dns", {{"nameservers", {"192.0.2.1"}}}}};
    EXPECT_EQ(add(c, config)["dns"], config["dns"]);
    del(c, config);
    config.erase("dns");
    EXPECT_EQ(add(c, config)["dns"], config["ipam"]["dns"]);
}

}  // namespace
}  // namespace cni::test
