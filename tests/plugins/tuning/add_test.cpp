// ADD sets every key, in whichever place it stands, or changes nothing.
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>

#include "plugins/tuning/fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

/// Frames of one protocol that come in through an interface.
class Listener {
public:
    Listener(const char* ifname, std::uint16_t protocol)
        : socket_(checked(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(protocol)),
                          "open a packet socket")) {
        const timeval patience{.tv_sec = 3, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(protocol);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(ifname));
        checked(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                "bind");
    }
    /// "" when none has come for three seconds.
    std::string next() const {
        char frame[256];
        const ssize_t length = ::recv(socket_.get(), frame, sizeof frame, 0);
        return {frame, static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
    }

private:
    Fd socket_;
};

class TuningAdd : public TuningTest {};

TEST_F(TuningAdd, AddSetsCheckComparesAndDelPutsEverythingBack) {
    const PluginRun run = tuning("ADD", all());
    ASSERT_TRUE(run.ok()) << run.report();
    const json now = link(*container_, "eth0");
    EXPECT_EQ(now["address"], "c2:b0:57:49:47:f1");
    EXPECT_EQ(now["mtu"], 1400);
    EXPECT_EQ(now["txqlen"], 77);
    EXPECT_EQ(now["promiscuity"], 1);
    EXPECT_THAT(now["flags"].dump(), HasSubstr("ALLMULTI"));
    EXPECT_EQ(parameter("net/core/somaxconn"), "500");
    EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_filter"), "1");

    const json interfaces = run.json()["interfaces"];
    EXPECT_EQ(interfaces[0]["mac"], "02:00:00:00:00:09");  // the host's is another eth0
    EXPECT_EQ(interfaces[1]["mac"], "c2:b0:57:49:47:f1");
    EXPECT_EQ(interfaces[1]["mtu"], 1400);

    EXPECT_TRUE(tuning("CHECK", all()).ok()) << tuning("CHECK", all()).report();
    EXPECT_TRUE(tuning("DEL", {{"prevResult", nullptr}}).ok());
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
    EXPECT_TRUE(tuning("DEL", {}).ok());
}

TEST_F(TuningAdd, TheResultTellsWhatChangedByWhicheverPathItNamesTheNamespace) {
    const TestNetns other("c2");
    json keys = {{"mac", "c2:b0:57:49:47:f1"}, {"mtu", 1400}};
    keys["prevResult"]["interfaces"] = {{{"name", "eth0"}, {"sandbox", "/run/../run/netns/c1"}},
                                        {{"name", "eth0"}, {"sandbox", other.path()}},
                                        {{"name", "eth0"}, {"sandbox", "/run/netns/gone"}}};
    const PluginRun run = tuning("ADD", keys);
    ASSERT_TRUE(run.ok()) << run.report();
    const json interfaces = run.json()["interfaces"];
    EXPECT_EQ(interfaces[0]["mac"], "c2:b0:57:49:47:f1");
    EXPECT_EQ(interfaces[0]["mtu"], 1400);
    for (const int i : {1, 2}) EXPECT_EQ(interfaces[i], keys["prevResult"]["interfaces"][i]);
}

TEST_F(TuningAdd, WithoutAnythingToDoNothingIsWritten) {
    const PluginRun run = tuning("ADD", {{"promisc", false}, {"mtu", 0}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
}

TEST_F(TuningAdd, TheLaterSourceOfTheMacWins) {
    json keys = {{"mac", "02:00:00:00:00:02"}};
    const auto mac_after = [&](std::optional<std::string> cni_args) {
        EXPECT_TRUE(tuning("ADD", keys, std::move(cni_args)).ok());
        return mac();
    };
    EXPECT_EQ(mac_after({}), "02:00:00:00:00:02");
    EXPECT_EQ(mac_after("MAC=02:00:00:00:00:03"), "02:00:00:00:00:03");
    keys["runtimeConfig"] = {{"mac", "0200.0000.0004"}};
    EXPECT_EQ(mac_after("MAC=02:00:00:00:00:03"), "02:00:00:00:00:04");
    keys["args"] = {{"cni", {{"mac", "02:00:00:00:00:05"}}}};
    EXPECT_EQ(mac_after("MAC=02:00:00:00:00:03"), "02:00:00:00:00:05");
}

TEST_F(TuningAdd, ArgsReplaceKeysAndAddParameters) {
    const json keys = {{"mtu", 1400},
                       {"args",
                        {{"cni",
                          {{"mtu", 1300},
                           {"txQLen", 0},
                           {"promisc", true},
                           {"allmulti", true},
                           {"sysctl", {{"net.core.somaxconn", "600"}}}}}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_EQ(link(*container_, "eth0").value("txqlen", 0), 0);
    EXPECT_EQ(link(*container_, "eth0")["promiscuity"], 1);
    EXPECT_THAT(link(*container_, "eth0")["flags"].dump(), HasSubstr("ALLMULTI"));
    EXPECT_EQ(parameter("net/core/somaxconn"), "600");
}

TEST_F(TuningAdd, ArgsReplaceAParameterInEachOfItsSpellings) {
    const char* file = "net/ipv4/conf/eth0/arp_filter";
    const json keys = {
        {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "0"}, {file, "0"}}},
        {"args", {{"cni", {{"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}}}}}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok());
    EXPECT_EQ(parameter(file), "1");
    EXPECT_TRUE(tuning("CHECK", keys).ok()) << tuning("CHECK", keys).report();
    EXPECT_TRUE(tuning("DEL", keys).ok());
    EXPECT_EQ(parameter(file), "0");
}

TEST_F(TuningAdd, RefusesBadConfigurationsBeforeAnythingIsChanged) {
    const auto with = [](const char* key, const json& value) {
        json keys = all();
        keys[key] = value;
        return keys;
    };
    expect_refused(with("mac", "xx"),
                   "invalid args xx for MAC addr: address xx: invalid MAC address");
    expect_refused(with("mac", "01:00:5e:00:00:01"), "cannot have the MAC address");
    expect_refused(with("mac", "02:00:00:00:00:00:00:01"), "invalid MAC address");
    expect_refused(with("mac", "00:00:00:00:00:00"), "cannot have the MAC address");
    expect_refused(with("args", {{"cni", {{"mac", "yy"}}}}), "invalid args yy for MAC addr");
    expect_refused(with("runtimeConfig", {{"mac", "zz"}}), "invalid args zz for MAC addr");
    expect_refused(all(), "invalid args uu for MAC addr", "MAC=uu");
    expect_refused(with("allmulti", 1), "\"allmulti\" must be true or false");
    expect_refused(with("dataDir", 5), "\"dataDir\" must be a string");
    expect_refused(with("mtu", -1), "\"mtu\" must be between");
    expect_refused(with("txQLen", -1), "\"txQLen\" must be between");
    expect_refused(with("promisc", "yes"), "\"promisc\" must be true or false");
    expect_refused(with("sysctl", {{"net.core.somaxconn", 1}}), "must be a string");
    expect_refused(with("sysctl", {{"net.core.somaxconn", ""}}), "must not be empty");
    expect_refused(with("sysctl", {{"kernel.hostname", "x"}}),
                   "invalid net sysctl key: \"kernel/hostname\"");
    expect_refused(with("prevResult", nullptr), "Required prevResult missing");
    expect_refused(all(), "unknown args", "FOO=bar");
    std::string text = config(all()).dump();
    text.replace(text.find("\"sysctl\":{"), 10, R"("sysctl":{"net.core.somaxconn":"1",)");
    EXPECT_EQ(run_plugin("tuning", "ADD", args(*container_), text).error_message(),
              "duplicated sysctl keys are not allowed");
    EXPECT_EQ(state(), before_);
}

TEST_F(TuningAdd, WhatFailsLateUndoesWhatCameBefore) {
    json keys = all();
    keys["mtu"] = 1 << 20;
    expect_refused(keys, "set MTU of eth0 to 1048576: Invalid argument");
    keys = all();
    keys["sysctl"]["net.unix.max_dgram_qlen"] = "x";
    expect_refused(keys, "write /proc/sys/net/unix/max_dgram_qlen: set \"x\": Invalid argument");
    keys = all();
    keys["sysctl"]["net.core.nonexist"] = "1";
    expect_refused(keys, "open /proc/sys/net/core/nonexist: No such file or directory");
    keys["sysctl"] = {{"net.ipv4", "1"}};
    expect_refused(keys, "open /proc/sys/net/ipv4: Is a directory");
    keys["sysctl"] = {{"net/../kernel/hostname", "x"}};
    expect_refused(keys, "No such file or directory");
    keys = all();
    keys["dataDir"] = "/etc/passwd/x";
    expect_refused(keys, "/etc/passwd/x");
    PluginArgs nowhere = args(*container_);
    nowhere.netns = "/run/netns/none";
    const PluginRun run = run_plugin("tuning", "ADD", nowhere, config(all()).dump());
    EXPECT_EQ(run.error_code(), 8) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("/run/netns/none"));
    ASSERT_EQ(state(), before_);
    shell("ip link set eth0 name eth9");
    EXPECT_THAT(tuning("ADD", all()).error_message(), HasSubstr("find link eth0: No such device"));
    EXPECT_NE(parameter("net/core/somaxconn"), "500");
}

TEST_F(TuningAdd, TheAllowlistIsAskedFirst) {
    std::filesystem::create_directories("/run/etc/tuning");
    output_of(
        {"sh", "-c", "mkdir -p /run/etc && mount -t tmpfs none /etc && mkdir -p /etc/cni/tuning"});
    const auto list = [](const std::string& text) {
        output_of({"sh", "-c", "cat >/etc/cni/tuning/allowlist.conf"}, text);
    };
    list("^net\\.ipv4\\.\n  somaxconn \n");
    EXPECT_TRUE(tuning("ADD", all()).ok()) << tuning("ADD", all()).report();
    EXPECT_TRUE(tuning("DEL", {}).ok());
    list("^net\\.ipv4\\.\nlo");
    json keys = all();
    keys["sysctl"].erase("net.ipv4.ip_local_reserved_ports");
    keys["sysctl"]["net/core/somaxconn"] = "1";
    expect_refused(keys,
                   "is not allowed. Only the following sysctls are allowed: [^net\\.ipv4\\. lo]");
    list("");
    expect_refused(all(), "is not allowed");
    EXPECT_TRUE(tuning("ADD", {{"mtu", 1400}}).ok());
    EXPECT_TRUE(tuning("CHECK", {{"sysctl", {{"net.core.somaxconn", "4096"}}}, {"mtu", 1400}})
                    .error_message()
                    .find("allowed") == std::string::npos);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    list("somaxconn");
    const json by_args = {{"cni", {{"sysctl", {{"net.core.optmem_max", "1"}}}}}};
    expect_refused({{"args", by_args}}, "Sysctl net.core.optmem_max is not allowed");
    list("[");
    expect_refused(all(), "error parsing regexp");
    expect_refused({{"mtu", 1400}}, "error parsing regexp");
    output_of({"sh", "-c", "cd /etc/cni/tuning && rm allowlist.conf && mkdir allowlist.conf"});
    expect_refused(all(), "read /etc/cni/tuning/allowlist.conf: Is a directory");
    const PluginRun run = tuning("ADD", {{"mtu", 1400}});
    EXPECT_TRUE(run.ok()) << "it could forbid nothing" << run.report();
    EXPECT_TRUE(tuning("DEL", {}).ok());
    output_of({"umount", "/etc"});
}

constexpr std::string_view new_mac = "\xc2\xb0\x57\x49\x47\xf1";

TEST_F(TuningAdd, ANewMacIsAnnouncedByArp) {
    const Listener arp = container_->run([] { return Listener("peer0", ETH_P_ARP); });
    ASSERT_TRUE(tuning("ADD", all()).ok());
    const std::string frame = arp.next();
    ASSERT_GE(frame.size(), 42u);
    EXPECT_EQ(frame.substr(6, 6), new_mac);
    // The sender's address, which is the target's, too.
    EXPECT_EQ(frame.substr(28, 4), "\x0a\x01\x02\x02");
    EXPECT_EQ(frame.substr(38, 4), "\x0a\x01\x02\x02");
}

TEST_F(TuningAdd, ANewMacIsAnnouncedByANeighbourAdvertisement) {
    const Listener ipv6 = container_->run([] { return Listener("peer0", ETH_P_IPV6); });
    ASSERT_TRUE(tuning("ADD", all()).ok());
    constexpr std::size_t type = 54, target = 62, option = 78;
    const std::string_view address("\xfd\0\0\1\0\2\0\0\0\0\0\0\0\0\0\2", 16);
    std::string frame;
    do frame = ipv6.next();  // others of the kernel come, too
    while (!frame.empty() && (frame.size() < option + 8 || frame[type] != '\x88' ||
                              frame.substr(target, 16) != address));
    ASSERT_FALSE(frame.empty()) << "no advertisement";
    EXPECT_EQ(frame.substr(6, 6), new_mac);
    EXPECT_EQ(frame.substr(option + 2, 6), new_mac);
    EXPECT_EQ(frame.substr(38, 16), std::string_view("\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16));
    // What makes the kernel send them is as it was.
    EXPECT_EQ(parameter("net/ipv6/conf/eth0/ndisc_notify"), "0");
    EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_notify"), "0");
}

TEST_F(TuningAdd, ParametersAreSetInTheOrderOfTheText) {
    for (const char* last : {"1", "2"}) {
        const std::string first = *last == '1' ? "2" : "1";
        // Two spellings of one parameter.
        std::string text = config().dump();
        text.insert(1, cat(R"("sysctl":{"net/core/somaxconn":")", first,
                           R"(","net.core.somaxconn":")", last, R"("},)"));
        const PluginRun run = run_plugin("tuning", "ADD", args(*container_), text);
        ASSERT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(parameter("net/core/somaxconn"), last);
    }
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(state(), before_);
}

// Reading it fails until it is set.
TEST_F(TuningAdd, AParameterThatHasNoValueYet) {
    const json keys = {{"sysctl", {{"net.ipv6.conf.IFNAME.stable_secret", "fd00::1"}}}};
    const PluginRun run = tuning("ADD", keys);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(parameter("net/ipv6/conf/eth0/stable_secret"),
              "fd00:0000:0000:0000:0000:0000:0000:0001");
    EXPECT_TRUE(tuning("DEL", keys).ok());
}

TEST_F(TuningAdd, FalseSwitchesAllMulticastOff) {
    shell("ip link set eth0 allmulticast on");
    ASSERT_TRUE(tuning("ADD", {{"allmulti", false}}).ok());
    EXPECT_EQ(link(*container_, "eth0")["flags"].dump().find("ALLMULTI"), std::string::npos);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_THAT(link(*container_, "eth0")["flags"].dump(), HasSubstr("ALLMULTI"));
}

TEST_F(TuningAdd, KeysAreKnownInAnyCase) {
    const json keys = {{"MTU", 1400}, {"txqlen", 33}, {"SysCtl", {{"net.core.somaxconn", "7"}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1400);
    EXPECT_EQ(link(*container_, "eth0")["txqlen"], 33);
    EXPECT_EQ(parameter("net/core/somaxconn"), "7");
}

TEST_F(TuningAdd, InterfacesWithDotsAreNamedInEachWay) {
    shell("ip link set eth0 down && ip link set eth0 name eth0.7 && ip link set eth0.7 up");
    const auto call = [&](const char* command, const json& keys) {
        const PluginRun run =
            run_plugin("tuning", command, args(*container_, "eth0.7"), config(keys).dump());
        EXPECT_TRUE(run.ok()) << run.report();
        return parameter("net/ipv4/conf/eth0.7/arp_filter");
    };
    for (const char* key : {"net.ipv4.conf.IFNAME.arp_filter", "net/ipv4/conf/IFNAME/arp_filter",
                            "net/ipv4/conf/eth0.7/arp_filter", "net.ipv4.conf.eth0/7.arp_filter"}) {
        const json keys = {{"sysctl", {{key, "1"}}}};
        EXPECT_EQ(call("ADD", keys), "1") << key;
        call("CHECK", keys);
        EXPECT_EQ(call("DEL", keys), "0") << key;
    }
}

TEST_F(TuningAdd, TheRestOfTheResultIsPassedOn) {
    json before = config()["prevResult"];
    before["ips"] = {{{"address", "10.1.2.2/24"}, {"gateway", "10.1.2.1"}, {"interface", 1}}};
    before["routes"] = {{{"dst", "0.0.0.0/0"}}};
    before["dns"] = {{"nameservers", {"10.1.2.1"}}};
    const PluginRun run = tuning("ADD", {{"prevResult", before}, {"txQLen", 5}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json(), before);
}

}  // namespace
}  // namespace cni::test
