#include <gmock/gmock.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/killed_plugin.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

Fd listen_for_arp(const char* ifname) {
    Fd socket(check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP)), "open socket"));
    const timeval patience{.tv_sec = 3, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ARP);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(ifname));
    check(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    return socket;
}

// One container with a veth pair, both ends inside; nothing of the host is concerned.
class Tuning : public BridgeTest {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        shell(
            "ip link add eth0 address 02:00:00:00:00:01 type veth peer name peer0 &&"
            "ip link set peer0 up && ip address add 10.1.2.2/24 dev eth0 && ip link set eth0 up");
        before_ = state();
    }

    std::string shell(const std::string& commands) const {
        return container_->output_of({"sh", "-c", commands});
    }
    json config(const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net1"},
                    {"type", "tuning"},
                    {"prevResult",
                     {{"cniVersion", "1.0.0"},
                      {"interfaces",
                       {{{"name", "eth0"}, {"mac", "02:00:00:00:00:09"}},
                        {{"name", "eth0"}, {"mac", mac()}, {"sandbox", container_->path()}}}}}}};
        if (keys.is_object()) out.merge_patch(keys);
        return out;
    }
    PluginRun tuning(const std::string& command, const json& keys,
                     std::optional<std::string> cni_args = {}) const {
        PluginArgs call = args(*container_);
        call.args = std::move(cni_args);
        return run_plugin("tuning", command, call, config(keys).dump());
    }
    std::string mac() const {
        const json found = link(*container_, "eth0");
        return found.is_null() ? "" : found["address"];
    }
    std::string parameter(const std::string& key) const {
        return container_->run([&] { return sysctl(key); });
    }
    /// All that may be tuned here.
    std::string state() const {
        const json now = link(*container_, "eth0");
        json kept;
        for (const char* key : {"address", "mtu", "flags", "txqlen", "promiscuity", "allmulti"})
            kept[key] = now.value(key, json());
        for (const char* key : {"net/core/somaxconn", "net/ipv4/conf/eth0/arp_filter",
                                "net/ipv4/conf/eth0/arp_notify", "net/ipv6/conf/eth0/ndisc_notify",
                                "net/ipv4/ip_local_reserved_ports"})
            kept[key] = parameter(key);
        return kept.dump(1);
    }
    static json all() {
        return {{"mac", "C2-B0-57-49-47-F1"},
                {"promisc", true},
                {"mtu", 1400},
                {"allmulti", true},
                {"txQLen", 77},
                {"sysctl",
                 {{"net.core.somaxconn", "500"},
                  {"net/ipv4/conf/IFNAME/arp_filter", "1"},
                  {"net.ipv4.ip_local_reserved_ports", "8080,9000-9010"}}}};
    }
    static std::optional<std::string> backup() { return read_file(backup_path, 1u << 20); }
    static void write_backup(const std::string& text) {
        const Fd dir = open_dir("/run/cni/tuning", 0700);
        write_atomically(dir.get(), "c1_eth0.json", text, 0600, "backup");
    }
    /// Fails with this message and leaves nothing.
    void expect_refused(const json& keys, const std::string& message,
                        std::optional<std::string> cni_args = {}) const {
        const PluginRun run = tuning("ADD", keys, std::move(cni_args));
        EXPECT_FALSE(run.ok()) << keys;
        EXPECT_THAT(run.error_message(), HasSubstr(message)) << run.report();
        EXPECT_EQ(state(), before_) << keys;
        EXPECT_FALSE(backup()) << keys;
    }

    static constexpr const char* backup_path = "/run/cni/tuning/c1_eth0.json";
    std::optional<TestNetns> container_;
    std::string before_;
};

TEST_F(Tuning, AddSetsCheckComparesAndDelPutsEverythingBack) {
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

TEST_F(Tuning, WithoutAnythingToDoNothingIsWritten) {
    const PluginRun run = tuning("ADD", {{"promisc", false}, {"mtu", 0}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
}

TEST_F(Tuning, TheLaterSourceOfTheMacWins) {
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

TEST_F(Tuning, ArgsReplaceKeysAndAddParameters) {
    const json keys = {
        {"mtu", 1400},
        {"args",
         {{"cni", {{"mtu", 1300}, {"txQLen", 0}, {"sysctl", {{"net.core.somaxconn", "600"}}}}}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_EQ(link(*container_, "eth0").value("txqlen", 0), 0);
    EXPECT_EQ(parameter("net/core/somaxconn"), "600");
}

TEST_F(Tuning, ASecondAddKeepsTheFirstState) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    json other = all();
    other["mtu"] = 1300;
    other["sysctl"]["net.core.somaxconn"] = "700";
    ASSERT_TRUE(tuning("ADD", other).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(state(), before_);
}

TEST_F(Tuning, RefusesBadConfigurationsBeforeAnythingIsChanged) {
    const auto with = [](const char* key, const json& value) {
        json keys = all();
        keys[key] = value;
        return keys;
    };
    expect_refused(with("mac", "xx"),
                   "invalid args xx for MAC addr: address xx: invalid MAC address");
    expect_refused(with("mac", "01:00:5e:00:00:01"), "cannot have the MAC address");
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

TEST_F(Tuning, WhatFailsLateUndoesWhatCameBefore) {
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
    ASSERT_EQ(state(), before_);
    shell("ip link set eth0 name eth9");
    EXPECT_THAT(tuning("ADD", all()).error_message(), HasSubstr("find link eth0: No such device"));
    EXPECT_NE(parameter("net/core/somaxconn"), "500");
}

TEST_F(Tuning, CheckNamesEachDifference) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    const auto expect_found = [&](const char* change, const char* back,
                                  const std::string& message) {
        shell(change);
        EXPECT_EQ(tuning("CHECK", all()).error_message(), message);
        shell(back);
        EXPECT_TRUE(tuning("CHECK", all()).ok()) << change << tuning("CHECK", all()).report();
    };
    expect_found("sysctl -qw net.core.somaxconn=128", "sysctl -qw net.core.somaxconn=500",
                 "Error: Tuning configured value of /proc/sys/net/core/somaxconn is 500, current "
                 "value is 128");
    expect_found("ip link set eth0 mtu 1500", "ip link set eth0 mtu 1400",
                 "Error: Tuning configured MTU of eth0 is 1400, current value is 1500");
    expect_found("ip link set eth0 promisc off", "ip link set eth0 promisc on",
                 "Error: Tuning configured promiscuous mode of eth0 is true, current value is "
                 "false");
    expect_found("ip link set eth0 allmulticast off", "ip link set eth0 allmulticast on",
                 "Error: Tuning configured all-multicast mode of eth0 is true, current value is "
                 "false");
    expect_found("ip link set eth0 txqueuelen 5", "ip link set eth0 txqueuelen 77",
                 "Error: Tuning configured Transmit Queue Length of eth0 is 77, current value is "
                 "5");
    expect_found("ip link set eth0 address 02:00:00:00:00:07",
                 "ip link set eth0 address c2:b0:57:49:47:f1",
                 "Error: Tuning configured Ethernet of eth0 is c2:b0:57:49:47:f1, current value "
                 "is 02:00:00:00:00:07");
    shell("ip link delete eth0");
    EXPECT_THAT(
        tuning("CHECK", {{"mtu", 1400}, {"prevResult", {{"interfaces", nullptr}}}}).error_message(),
        HasSubstr("Cannot find container link eth0"));
}

TEST_F(Tuning, TheAllowlistIsAskedFirst) {
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
    list("[");
    expect_refused(all(), "error parsing regexp");
    output_of({"umount", "/etc"});
}

TEST_F(Tuning, AGarbledBackupIsReportedOnce) {
    write_backup("{");
    EXPECT_THAT(tuning("ADD", all()).error_message(),
                HasSubstr("backup file /run/cni/tuning/c1_eth0.json is garbled"));
    EXPECT_EQ(state(), before_);
    EXPECT_THAT(tuning("DEL", {}).error_message(), HasSubstr("c1_eth0.json is garbled"));
    EXPECT_FALSE(backup());
    EXPECT_TRUE(tuning("DEL", {}).ok());
}

TEST_F(Tuning, DelSucceedsWithoutNamespaceOrInterfaceAndRemovesTheFile) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    shell("ip link delete eth0");
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_FALSE(backup());
    write_backup("{");
    container_->unmount();
    const PluginRun run = run_plugin("tuning", "DEL", args(*container_),
                                     R"({"cniVersion":"1.0.0","name":"net1","type":"tuning"})");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_FALSE(backup());
}

TEST_F(Tuning, GcRemovesBackupsOfItsNetworkOnly) {
    ASSERT_TRUE(tuning("ADD", {{"mtu", 1400}}).ok());
    const auto gc = [&](const json& keys) {
        json conf = {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "tuning"}};
        conf.merge_patch(keys);
        const PluginRun run = run_plugin("tuning", "GC", args(*container_), conf.dump());
        EXPECT_TRUE(run.ok()) << run.report();
        return backup().has_value();
    };
    const json none = {{"cni.dev/valid-attachments", json::array()}};
    EXPECT_TRUE(gc(json::object()));
    EXPECT_TRUE(gc({{"cni.dev/valid-attachments", {{{"containerID", "c1"}, {"ifname", "eth0"}}}}}));
    EXPECT_TRUE(gc({{"cni.dev/valid-attachments", json::array()}, {"name", "net2"}}));
    EXPECT_FALSE(gc(none));
    write_backup("{\n \"mtu\": 1500\n}");
    EXPECT_TRUE(gc(none));  // it may be another network's
}

TEST_F(Tuning, ANewMacIsAnnounced) {
    const Fd heard = container_->run([] { return listen_for_arp("peer0"); });
    ASSERT_TRUE(tuning("ADD", all()).ok());
    char frame[64] = {};
    ASSERT_GT(::recv(heard.get(), frame, sizeof frame, 0), 31);
    EXPECT_EQ(std::string_view(frame + 6, 6), "\xc2\xb0\x57\x49\x47\xf1");
    // The sender's address, which is the target's, too.
    EXPECT_EQ(std::string_view(frame + 28, 4), "\x0a\x01\x02\x02");
    EXPECT_EQ(std::string_view(frame + 38, 4), "\x0a\x01\x02\x02");
}

TEST_F(Tuning, AddKilledAnywhereIsUndoneByTheNextDel) {
    bool killed = true;
    for (int number = 1; killed; ++number) {
        killed = run_killed_at(
            plugin_program("tuning", "ADD", args(*container_), config(all()).dump()), number);
        const PluginRun run = tuning("DEL", {});
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(state(), before_) << "killed at system call " << number;
        EXPECT_TRUE(!std::filesystem::exists("/run/cni/tuning") ||
                    std::filesystem::is_empty("/run/cni/tuning"));
        if (HasFailure()) return;
    }
}

TEST_F(Tuning, BackupsOfTheReferencePluginAndTheReverse) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    PluginArgs reference = args(*container_);
    reference.executables = *reference_dir();
    json keys = all();
    keys.erase("sysctl");  // which that one does not put back
    keys.erase("txQLen");  // which is younger than the packaged one
    // It makes the directory so that only root of the first namespace may enter it.
    std::filesystem::create_directories("/run/cni/tuning");
    PluginRun run = run_plugin("tuning", "ADD", reference, config(keys).dump());
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_NE(state(), before_);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(state(), before_);

    ASSERT_TRUE(tuning("ADD", keys).ok());
    run = run_plugin("tuning", "DEL", reference, config(keys).dump());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
}

}  // namespace
}  // namespace cni::test
