// What ADD does with the device, and prints; what it leaves when it fails: the device as it was.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using HostDeviceAdd = HostDeviceTest;

TEST_F(HostDeviceAdd, GivesTheContainerTheDevice) {
    const TestNetns c("c1");
    EXPECT_EQ(
        add(c, lending({{"cniVersion", "1.1.0"}})),
        json({{"cniVersion", "1.1.0"},
              {"interfaces",
               {{{"name", "eth0"},
                 {"mac", "02:00:00:00:00:05"},
                 {"mtu", 1450},
                 {"sandbox", c.path()}}}},
              {"ips",
               {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 0}},
                {{"address", "fd00:1:2::2/64"}, {"gateway", "fd00:1:2::1"}, {"interface", 0}}}},
              {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}}));
    EXPECT_TRUE(link("uplink").is_null());
    EXPECT_TRUE(link("eth0").is_null());
    const json lent = link(c, "eth0");
    EXPECT_EQ(lent["ifalias"], "uplink");
    EXPECT_THAT(lent["flags"], Contains("UP"));
    EXPECT_EQ(addresses(c), (std::vector<std::string>{"10.1.2.2/24", "fd00:1:2::2/64"}));
    EXPECT_THAT(records(), SizeIs(1));
    expect_traffic(c);
}

TEST_F(HostDeviceAdd, PacketsGoBothWays) {
    const TestNetns c("c1");
    const json result = add(c, lending());
    for (const char family : {'4', '6'})
        for (const auto exchange : {exchange_tcp, exchange_udp}) {
            const Exchange out =
                exchange({.server = outside().netns().netns(),
                          .address = family == '4' ? outside().address() : outside().address6(),
                          .client = c.netns()});
            EXPECT_EQ(out.peer_address, address_of(result, family)) << out.failure;
            const Exchange in = exchange({.server = c.netns(),
                                          .address = address_of(result, family),
                                          .client = outside().netns().netns()});
            EXPECT_TRUE(in.answered) << in.failure;
        }
}

TEST_F(HostDeviceAdd, WithoutIpamTheDeviceIsAll) {
    const TestNetns c("c1");
    const json config = lending({{"ipam", nullptr}});
    const json result = add(c, config);
    EXPECT_EQ(result,
              json({{"cniVersion", "1.0.0"},
                    {"interfaces",
                     {{{"name", "eth0"}, {"mac", "02:00:00:00:00:05"}, {"sandbox", c.path()}}}}}));
    EXPECT_THAT(link(c, "eth0")["flags"], Contains("UP"));
    EXPECT_THAT(addresses(c), IsEmpty());
    expect_sound(c, config, result);
    del(c, config);
    EXPECT_THAT(device()["flags"], Contains("UP"));
}

TEST_F(HostDeviceAdd, ADeviceThatIsDownIsBroughtUp) {
    shell("ip link set uplink down");
    const TestNetns c("c1");
    add(c, lending());
    expect_traffic(c);
    del(c, lending());
    EXPECT_THAT(device()["flags"], Not(Contains("UP")));
}

TEST_F(HostDeviceAdd, TheDeviceIsFoundByAnAlternativeName) {
    shell(
        "ip link property add dev uplink altname lan; "
        "ip link property add dev uplink altname a-name-of-more-than-fifteen-bytes");
    for (const char* name : {"lan", "a-name-of-more-than-fifteen-bytes"}) {
        const TestNetns c("c1");
        add(c, lending({{"device", name}}));
        EXPECT_EQ(link(c, "eth0")["ifalias"], "uplink");
        del(c, lending({{"device", name}}));
        EXPECT_FALSE(link("uplink").is_null());
    }
}

TEST_F(HostDeviceAdd, TheDeviceIsFoundByItsAddress) {
    for (const char* hwaddr : {"02:00:00:00:00:05", "02-00-00-00-00-05", "0200.0000.0005"}) {
        const TestNetns c("c1");
        const json config = lending({{"device", nullptr}, {"hwaddr", hwaddr}});
        add(c, config);
        EXPECT_EQ(link(c, "eth0")["ifalias"], "uplink");
        del(c, config);
    }
}

// Those that are not looked at may be wrong.
TEST_F(HostDeviceAdd, TheFirstOfSeveralSelectorsCounts) {
    const TestNetns c("c1");
    const json config = lending({{"hwaddr", "junk"}, {"kernelpath", "junk"}});
    add(c, config);
    del(c, config);
    const json second =
        lending({{"device", ""}, {"hwaddr", "02:00:00:00:00:05"}, {"kernelpath", "/sys/none"}});
    add(c, second);
    del(c, second);
}

TEST_F(HostDeviceAdd, WhatItCannotTakeIsRefused) {
    shell("ip link add br0 type bridge");
    for (const auto& [keys, code, message] : std::vector<std::tuple<json, int, std::string>>{
             {{{"device", "none"}}, 999, "failed to find host device: Link not found"},
             {{{"device", ""}},
              7,
              "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\""},
             {{{"device", "a/b"}}, 7, "invalid interface name \"a/b\""},
             {{{"device", 5}}, 7, "\"device\" must be a string, not a number"},
             {{{"device", "lo"}},
              999,
              "failed to move \"eth0\" (host: \"lo\") to container NS: Invalid argument"},
             {{{"device", "br0"}},
              999,
              "failed to move \"eth0\" (host: \"br0\") to container NS: Invalid argument"},
             {{{"device", nullptr}, {"hwaddr", "02:00"}},
              7,
              "failed to parse MAC address \"02:00\": address 02:00: invalid MAC address"},
             {{{"device", nullptr}, {"hwaddr", "02:00:00:00:00:06"}},
              999,
              "failed to find host device: failed to find physical interface"},
             {{{"device", nullptr}, {"hwaddr", "02:00:00:00:00:00:00:05"}},
              999,
              "failed to find host device: failed to find physical interface"},
             {{{"dns", {{"search", "x"}}}}, 7, "\"dns.search\" must be a list, not a string"},
             {{{"ipam", {{"type", "none"}}}},
              999,
              cat("failed to find plugin \"none\" in path [", bin_dir(), " /mnt]")}})
        expect_refused(lending(keys), code, message);
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HostDeviceAdd, ANameThatIsTakenIsLeftAlone) {
    const TestNetns c("c1");
    shell(c, "ip link add eth0 type veth peer name x");
    const json before = device();
    const PluginRun run = call("ADD", c, lending());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_EQ(run.error_message(), "failed to create device eth0: File exists");
    EXPECT_EQ(device(), before);
    // The runtime's DEL of an ADD that failed.
    del(c, lending());
    EXPECT_EQ(link(c, "eth0")["linkinfo"]["info_kind"], "veth");
    EXPECT_EQ(device(), before);
}

TEST_F(HostDeviceAdd, ADeviceThatIsLentIsNotThereForOthers) {
    const TestNetns c("c1"), d("c2");
    add(c, lending());
    const PluginRun run = call("ADD", d, lending());
    EXPECT_EQ(run.error_message(), "failed to find host device: Link not found") << run.report();
    del(d, lending());
    expect_traffic(c);
    EXPECT_THAT(leases(), SizeIs(2));
}

// A name of the host is nothing that a container may occupy.
TEST_F(HostDeviceAdd, ItsNameMayBeTakenInTheContainer) {
    const TestNetns c("c1");
    shell(c, "ip link add uplink type veth peer name x");
    const json before = device();
    add(c, lending());
    expect_traffic(c);
    del(c, lending());
    EXPECT_EQ(device(), before);
    EXPECT_FALSE(link(c, "uplink").is_null());
}

TEST_F(HostDeviceAdd, WhatIpamRefusesLeavesTheDeviceUntouched) {
    shell("ip address add 192.0.2.1/24 dev uplink; ip route add 203.0.113.0/24 via 192.0.2.9");
    const ScriptedIpam ipam;
    ipam.on("ADD", "echo '{\"code\": 100, \"msg\": \"exhausted\"}'; exit 1");
    expect_refused(scripted_lending(), 100, "exhausted");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    ipam.answer(R"({"cniVersion":"1.0.0"})");
    expect_refused(scripted_lending(), 999, "IPAM plugin returned missing IP config");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HostDeviceAdd, WhatFailsLaterBringsTheDeviceBack) {
    shell("ip link set uplink alias 'to the world'");
    const json before = device();
    const ScriptedIpam ipam;
    for (const auto& [answer, message] : std::vector<std::pair<std::string, std::string>>{
             {R"({"cniVersion":"1.0.0","ips":[{"address":"ff02::2/64"}]})",
              "failed to add IP addr ff02::2/64 to \"eth0\": Cannot assign requested address"},
             {R"({"cniVersion":"1.0.0","ips":[{"address":"10.1.2.2/24"}],
                  "routes":[{"dst":"10.9.0.0/16","gw":"10.7.0.1"}]})",
              "failed to add route '10.9.0.0/16 via 10.7.0.1 dev eth0'"}}) {
        ipam.answer(answer);
        const TestNetns c("c1");
        const PluginRun run = call("ADD", c, scripted_lending());
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message.substr(0, 40)));
        EXPECT_EQ(run.err, "");
        EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
        EXPECT_EQ(device(), before);
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_THAT(records(), IsEmpty());
    }
}

// It asks over the interface.
TEST_F(HostDeviceAdd, DhcpIsCalledWhileTheDeviceIsThere) {
    const ScriptedIpam ipam;
    shell("cp /mnt/scripted /mnt/dhcp");
    const std::string look = "ip -n $CNI_CONTAINERID -o link show $CNI_IFNAME >&2";
    ipam.on("ADD", cat(look, " || exit 1; echo '", ipam_result({"10.1.2.2/24"}), "'"));
    ipam.on("DEL", look);
    const TestNetns c("c1");
    json config = lending({{"ipam", nullptr}});
    config["ipam"]["type"] = "dhcp";
    PluginArgs arguments = args(c);
    arguments.path = ScriptedIpam::dir;
    for (const char* command : {"ADD", "DEL"}) {
        const PluginRun run = run_plugin("host-device", command, arguments, config.dump());
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("eth0@")) << command;
    }
    EXPECT_FALSE(link("uplink").is_null());
}

TEST_F(HostDeviceAdd, ItsDnsReplacesThatOfIpam) {
    const TestNetns c("c1");
    json config = lending({{"dns", {{"search", {"a.example"}}}}});
    config["ipam"] = {{"type", "static"},
                      {"addresses", {{{"address", "10.1.2.9/24"}}}},
                      {"dns", {{"nameservers", {"192.0.2.1"}}}}};
    EXPECT_EQ(add(c, config)["dns"], config["dns"]);
    del(c, config);
    config.erase("dns");
    EXPECT_EQ(add(c, config)["dns"], config["ipam"]["dns"]);
}

TEST_F(HostDeviceAdd, ARecordThatCannotBeKeptIsAnError) {
    shell("mkdir -p /run/cni; touch /run/cni/host-device");
    const json before = device();
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, lending());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("/run/cni/host-device"));
    EXPECT_EQ(device(), before);
    EXPECT_THAT(leases(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
