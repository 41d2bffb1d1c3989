// Real devices, as far as a guest has any: what the kernel does with hardware it does with no
// other. These tests want the machine for themselves, and run only in the guest of tests/vm.
#include <linux/rtnetlink.h>

#include <chrono>

#include "fixture.h"
#include "netlink/monitor.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two network cards with a cable between them: "card", which is lent, and another one, which is
/// in the namespace "world" and has the addresses 10.1.2.1 and fd00:1:2::1.
class VmHostDevice : public GuestTest, protected UplinkCalls {
protected:
    VmHostDevice() : UplinkCalls("host-device") {}

    void SetUp() override {
        GuestTest::SetUp();
        if (IsSkipped()) return;
        shell("modprobe virtio_net");
        world_.emplace("world");
        const std::string names = shell_output("ls /sys/bus/virtio/drivers/virtio_net");
        for (const std::string_view name : split(names, '\n'))
            if (name.starts_with("virtio")) cards_.emplace_back(name);
        ASSERT_EQ(cards_.size(), 2u);
        shell(cat("ip link set ", interface_of(cards_[0]),
                  " name card address 02:00:00:00:00:05 mtu 1400 alias 'to the world'; "
                  "ip link set card up; ip link set ",
                  interface_of(cards_[1]),
                  " netns world name eth0; ip -n world link set eth0 up mtu 1400;"
                  "ip -n world address add 10.1.2.1/24 dev eth0 nodad;"
                  "ip -n world address add fd00:1:2::1/64 dev eth0 nodad"));
        before_ = device("card");
    }
    // The next test finds them as this one did.
    void TearDown() override {
        if (cards_.empty()) return;
        world_.reset();
        for (const std::string& card : cards_) {
            await([&] { return !interface_of(card).empty(); });
            shell(cat("ip link set ", interface_of(card), " down"));
            shell(cat("ip link set ", interface_of(card), " alias '' mtu 1500 name ", card));
        }
        GuestTest::TearDown();
    }

    static std::string shell_output(const std::string& commands) {
        return output_of({"sh", "-c", commands});
    }
    /// "" while another namespace has it.
    static std::string interface_of(const std::string& card) {
        const std::string shown =
            shell_output(cat("ls /sys/bus/virtio/devices/", card, "/net 2>/dev/null || true"));
        return std::string(trim(shown));
    }
    std::string pci_id() const {
        return std::string(trim(shell_output(
            cat("basename $(dirname $(readlink -f /sys/bus/virtio/devices/", cards_[0], "))"))));
    }
    /// Namespaces go when the kernel finds the time.
    static void await(const std::function<bool()>& reached) {
        ASSERT_TRUE(NlMonitor({RTNLGRP_LINK}).wait(reached, std::chrono::seconds(30)));
    }
    static void await_link(const std::string& name) {
        await([&] { return !link(name).is_null(); });
    }

    json lending(const json& keys = json::object()) const {
        json config = network({{"master", nullptr}, {"device", "card"}});
        config.merge_patch(keys);
        return config;
    }
    static json device(const std::string& name) {
        json shown = link(name);
        for (const char* key : {"ifindex", "operstate", "qdisc", "flags"}) {
            if (std::string_view(key) == "flags")
                shown["is_up"] = shown["flags"].dump().find("\"UP\"") != std::string::npos;
            shown.erase(key);
        }
        return shown;
    }
    void expect_as_before() const {
        EXPECT_EQ(device("card"), before_);
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_THAT(shell_output("ls -A /run/cni/host-device"), IsEmpty());
    }

    std::vector<std::string> cards_;
    std::optional<TestNetns> world_;
    json before_;
};

TEST_F(VmHostDevice, IsLentAndComesBackAsItWas) {
    for (const json& keys : std::vector<json>{
             json::object(),
             {{"device", nullptr}, {"pciBusID", pci_id()}},
             {{"device", nullptr},
              {"kernelpath", cat("/sys/devices/pci0000:00/", pci_id(), "/", cards_[0])}},
             {{"device", nullptr}, {"hwaddr", "02:00:00:00:00:05"}}}) {
        SCOPED_TRACE(keys);
        const TestNetns c("c1");
        const json config = lending(keys), result = add(c, config);
        expect_sound(c, config, result);
        for (const std::string address : {"10.1.2.1", "fd00:1:2::1"})
            EXPECT_TRUE(ping(c.netns(), address)) << address;
        shell(c,
              "ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:99 mtu 1300 "
              "name x alias y");
        del(c, config);
        expect_as_before();
    }
}

// The kernel returns it, as what the container called it.
TEST_F(VmHostDevice, ComesBackFromANamespaceThatDied) {
    std::optional<TestNetns> c("c1");
    PluginArgs arguments = args(*c);
    add(*c, lending());
    shell(*c, "ip link set eth0 address 02:00:00:00:00:99 mtu 1300");
    c.reset();
    await_link("eth0");
    const PluginRun run = call("DEL", arguments, lending());
    EXPECT_TRUE(run.ok()) << run.report();
    expect_as_before();
    EXPECT_TRUE(call("DEL", arguments, lending()).ok());
    expect_as_before();
}

// Or as dev<index>, where the host has something of that name.
TEST_F(VmHostDevice, ComesBackFromANamespaceThatDiedThoughItsNameIsTaken) {
    shell("ip link add eth0 type bridge");
    const std::string index = cat(link("card")["ifindex"].get<int>());
    std::optional<TestNetns> c("c1");
    PluginArgs arguments = args(*c);
    add(*c, lending());
    c.reset();
    await_link(cat("dev", index));
    arguments.netns = "";
    const PluginRun run = call("DEL", arguments, lending());
    EXPECT_TRUE(run.ok()) << run.report();
    expect_as_before();
    EXPECT_EQ(link("eth0")["linkinfo"]["info_kind"], "bridge");
    shell("ip link delete eth0");
}

TEST_F(VmHostDevice, IsRefusedWhatTheContainerPutsInItsPlace) {
    std::optional<TestNetns> c("c1"), deep("deep");
    add(*c, lending());
    shell(*c,
          "ip link set eth0 netns deep; ip link add eth0 type veth peer name x netns deep; "
          "ip link set eth0 alias card");
    const PluginRun run = call("DEL", *c, lending());
    EXPECT_THAT(run.error_message(), HasSubstr("nothing proves that it is \"card\" of the host"));
    EXPECT_TRUE(link("card").is_null());
    const PluginArgs arguments = args(*c);
    c.reset();
    deep.reset();
    await([&] { return !interface_of(cards_[0]).empty(); });
    const PluginRun again = call("DEL", arguments, lending());
    EXPECT_TRUE(again.ok()) << again.report();
    expect_as_before();
}

TEST_F(VmHostDevice, ThatIsUnpluggedIsNoObstacle) {
    const TestNetns c("c1");
    const json config = lending({{"device", nullptr},
                                 {"capabilities", {{"deviceID", true}}},
                                 {"runtimeConfig", {{"deviceID", pci_id()}}}});
    const std::string slot = cat("/sys/bus/pci/devices/", pci_id());
    const json result = add(c, config);
    shell(cat("echo 1 >", slot, "/remove"));
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_FALSE(check(c, config, result).ok());
    for (int i = 0; i < 2; ++i) del(c, config);
    EXPECT_THAT(leases(), IsEmpty());
    // Plugged in again, it is another one.
    shell("echo 1 >/sys/bus/pci/rescan");
    await([&] { return !interface_of(cards_[0]).empty(); });
    del(c, config);
}

TEST_F(VmHostDevice, IsTakenBackFromTheReferencePlugin) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const TestNetns c("c1");
    json config = lending();
    config["ipam"]["ranges"] = {{{{"subnet", "10.1.2.0/24"}}}};
    config["ipam"]["routes"] = {{{"dst", "0.0.0.0/0"}}};
    const PluginRun run = reference("ADD", c, config);
    ASSERT_TRUE(run.ok()) << run.report();
    expect_sound(c, config, run.json());
    shell(c, "ip link set eth0 down; ip link set eth0 name hidden");
    del(c, config);
    EXPECT_EQ(link("card")["address"], "02:00:00:00:00:05");
    EXPECT_THAT(leases(), IsEmpty());
    // Without an alias nobody knows what it was called.
    EXPECT_TRUE(reference("ADD", c, config).ok());
    shell(c, "ip link set eth0 alias ''");
    EXPECT_EQ(call("DEL", c, config).error_message(),
              "failed to find original ifname for \"eth0\" (alias is not set)");
    shell(c, "ip link set eth0 alias card");
    del(c, config);
    EXPECT_FALSE(link("card").is_null());
}

}  // namespace
}  // namespace cni::test
