// Whose a backup is, and of what: names, paths and ids are given anew, interfaces are made anew.
#include <filesystem>

#include "base/hash.h"
#include "plugins/tuning/fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

class TuningBackup : public TuningTest {
protected:
    /// One of several containers, whose interface is a pair with both ends inside.
    struct Box {
        TestNetns netns;
        std::string id, ifname;
        explicit Box(std::string name, std::string id_ = "c1", std::string ifname_ = "eth0")
            : netns(std::move(name)), id(std::move(id_)), ifname(std::move(ifname_)) {
            netns.output_of({"ip", "link", "add", ifname, "address", "02:00:00:00:00:01", "type",
                             "veth", "peer", "name", "peer0"});
        }
        json link() const { return BridgeCalls::link(netns, ifname); }
    };

    static PluginRun call(const std::string& command, const Box& box,
                          const json& keys = {{"mtu", 1400}}) {
        PluginArgs args{.container_id = box.id, .netns = box.netns.path(), .ifname = box.ifname};
        return call(command, args, keys);
    }
    static PluginRun call(const std::string& command, const PluginArgs& args, const json& keys) {
        json conf = {{"cniVersion", "1.0.0"},
                     {"name", "net1"},
                     {"type", "tuning"},
                     {"prevResult", {{"cniVersion", "1.0.0"}}}};
        conf.merge_patch(keys);
        return run_plugin("tuning", command, args, conf.dump());
    }
    static void expect_ok(const std::string& command, const Box& box,
                          const json& keys = {{"mtu", 1400}}) {
        const PluginRun run = call(command, box, keys);
        EXPECT_TRUE(run.ok()) << command << box.id << run.report();
    }
    static std::size_t files() {
        namespace fs = std::filesystem;
        const fs::path dir = "/run/cni/tuning";
        if (!fs::exists(dir)) return 0;
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
    }
    static void gc(const json& valid) {
        const PluginRun run = call("GC", PluginArgs{},
                                   {{"cniVersion", "1.1.0"},
                                    {"cni.dev/valid-attachments", valid},
                                    {"prevResult", nullptr}});
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static json attachment(const Box& box) {
        return {{"containerID", box.id}, {"ifname", box.ifname}};
    }
};

TEST_F(TuningBackup, AttachmentsWhoseNamesRunTogetherAreKeptApart) {
    const Box one("x1", "pod", "b_eth0"), other("x2", "pod_b", "eth0");
    for (const auto& [first, second] : {std::pair(&one, &other), std::pair(&other, &one)}) {
        expect_ok("ADD", *first);
        expect_ok("DEL", *second);  // before it was added at all
        EXPECT_EQ(files(), 1u);
        expect_ok("ADD", *second, {{"mtu", 1300}});
        EXPECT_EQ(files(), 2u);
        gc(json::array({attachment(*first), attachment(*second)}));
        EXPECT_EQ(files(), 2u);
        expect_ok("DEL", *first);
        EXPECT_EQ(first->link()["mtu"], 1500);
        EXPECT_EQ(second->link()["mtu"], 1300);
        // A second ADD finds what the first one has written, though the better name is free now.
        expect_ok("ADD", *second, {{"mtu", 1200}});
        EXPECT_EQ(files(), 1u);
        expect_ok("DEL", *second);
        EXPECT_EQ(second->link()["mtu"], 1500);
        EXPECT_EQ(files(), 0u);
    }
    expect_ok("ADD", one);
    expect_ok("ADD", other);
    gc(json::array({attachment(other)}));
    EXPECT_EQ(files(), 1u);
    expect_ok("DEL", other);
    EXPECT_EQ(other.link()["mtu"], 1500);
    EXPECT_EQ(files(), 0u);
}

TEST_F(TuningBackup, AFileThatNamesNobodyIsNotReplacedWhereItsNameIsTwoAttachments) {
    shell("mkdir -p -m 700 /run/cni/tuning");
    const Box one("x1", "pod", "b_eth0"), other("x2", "pod_b", "eth0");
    output_of({"tee", "/run/cni/tuning/pod_b_eth0.json"}, R"({"mtu":1300})");
    expect_ok("ADD", one);
    expect_ok("DEL", one);
    EXPECT_EQ(one.link()["mtu"], 1500);
    expect_ok("DEL", other);
    EXPECT_EQ(other.link()["mtu"], 1300);
    EXPECT_EQ(files(), 0u);
}

TEST_F(TuningBackup, TheLongestIdsMakeNoNameTooLong) {
    for (const std::size_t length : {230u, 239u, 240u, 245u, 250u, 255u}) {
        const Box box("x1", std::string(length, 'a'), "interface012345");
        expect_ok("ADD", box);
        EXPECT_EQ(box.link()["mtu"], 1400) << length;
        expect_ok("ADD", box, {{"mtu", 1300}});
        gc(json::array({attachment(box)}));
        EXPECT_EQ(files(), 1u);
        expect_ok("DEL", box);
        EXPECT_EQ(box.link()["mtu"], 1500) << length;
        EXPECT_EQ(files(), 0u);
    }
}

// What lives on may be at the same path, with an interface of the same index and even the inode
// number of the namespace that is gone.
TEST_F(TuningBackup, OfADeadContainerIsNotPutOnTheNextOne) {
    const json keys = {{"mtu", 1400}, {"sysctl", {{"net.core.somaxconn", "500"}}}};
    const auto add_and_die = [&] {
        std::optional<Box> dead(std::in_place, "x1");
        expect_ok("ADD", *dead, keys);
        dead.reset();
        EXPECT_EQ(files(), 1u);
    };
    add_and_die();
    const Box box("x2");
    box.netns.output_of({"ip", "link", "set", "eth0", "mtu", "1350"});
    const std::string parameter = "/proc/sys/net/core/somaxconn";
    box.netns.output_of({"sh", "-c", cat("echo 77 >", parameter)});
    const auto expect_its_own = [&] {
        EXPECT_EQ(box.link()["mtu"], 1350);
        EXPECT_EQ(box.netns.output_of({"cat", parameter}), "77\n");
        EXPECT_EQ(files(), 0u);
    };
    expect_ok("DEL", box);
    expect_its_own();
    add_and_die();
    expect_ok("ADD", box, keys);
    EXPECT_EQ(box.link()["mtu"], 1400);
    expect_ok("DEL", box);
    expect_its_own();
}

TEST_F(TuningBackup, DelAtThePathOfAnotherContainerLeavesThatAlone) {
    const Box one("x1", "c1"), other("x2", "c2");
    const json keys = {
        {"mtu", 1400}, {"mac", "02:00:00:00:00:33"}, {"sysctl", {{"net.core.somaxconn", "500"}}}};
    expect_ok("ADD", one, keys);
    expect_ok("ADD", other, keys);
    const PluginArgs mixed{.container_id = one.id, .netns = other.netns.path()};
    const PluginRun run = call("DEL", mixed, keys);
    EXPECT_TRUE(run.ok()) << run.report();
    expect_ok("CHECK", other, keys);
    EXPECT_EQ(files(), 1u) << "of the other";
    expect_ok("DEL", other);
    EXPECT_EQ(other.link()["mtu"], 1500);
}

TEST_F(TuningBackup, OfAnEarlierBootIsOfNothing) {
    const auto boot = [](const char* id) { output_of({"tee", "/run/boot"}, id); };
    boot("11111111-1111-1111-1111-111111111111\n");
    output_of({"mount", "--bind", "/run/boot", "/proc/sys/kernel/random/boot_id"});
    const Box box("x1");
    expect_ok("ADD", box);
    boot("22222222-2222-2222-2222-222222222222\n");
    expect_ok("DEL", box);
    EXPECT_EQ(box.link()["mtu"], 1400);
    EXPECT_EQ(files(), 0u);
    expect_ok("ADD", box, {{"mtu", 1300}});
    boot("33333333-3333-3333-3333-333333333333\n");
    expect_ok("ADD", box, {{"mtu", 1200}});
    expect_ok("DEL", box);
    EXPECT_EQ(box.link()["mtu"], 1300);
    output_of({"umount", "/proc/sys/kernel/random/boot_id"});
}

TEST_F(TuningBackup, OfAnInterfaceThatWasReplacedIsNotPutOnItsSuccessor) {
    const json keys = {
        {"mtu", 1400},
        {"sysctl", {{"net.core.somaxconn", "500"}, {"net.ipv4.conf.IFNAME.arp_filter", "1"}}}};
    const std::string somaxconn = parameter("net/core/somaxconn");
    ASSERT_TRUE(tuning("ADD", keys).ok());
    const auto replace = [&] {
        shell(
            "ip link delete eth0 && ip link add eth0 mtu 1350 type veth peer name peer0 &&"
            "echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_filter");
    };
    replace();
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1350);
    EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_filter"), "1");
    EXPECT_EQ(parameter("net/core/somaxconn"), somaxconn) << "which is the namespace's";

    ASSERT_TRUE(tuning("ADD", keys).ok());
    replace();
    ASSERT_TRUE(tuning("ADD", keys).ok());
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1350);
    EXPECT_EQ(parameter("net/core/somaxconn"), somaxconn);
    EXPECT_FALSE(backup());
}

TEST_F(TuningBackup, TheInterfaceIsKnownByAnyName) {
    const json keys = {{"mtu", 1400}, {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok());
    shell(
        "ip link set eth0 down && ip link set eth0 name mine &&"
        "ip link add eth0 mtu 1350 type veth peer name peer1 &&"
        "echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_filter");
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(link(*container_, "mine")["mtu"], 1500);
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1350);
    EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_filter"), "1");
    EXPECT_FALSE(backup());
}

// It cannot tell whether it is of this container or of a dead one.
TEST_F(TuningBackup, AddTrustsNoFileThatDoesNotSayOfWhatItIs) {
    write_backup(R"({"mtu":1300,"network":"net1"})");
    ASSERT_TRUE(tuning("ADD", {{"mtu", 1400}}).ok());
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
}

TEST_F(TuningBackup, GcKnowsFilesThatNameTheirNetworkOnlyByTheirNames) {
    write_backup(R"({"mtu":1300,"network":"net1"})");
    gc(json::array({{{"containerID", "c1"}, {"ifname", "eth0"}}}));
    EXPECT_TRUE(backup());
    gc(json::array());
    EXPECT_FALSE(backup());
}

// A runtime may have GC done before the DEL of a container that is still there.
TEST_F(TuningBackup, GcPutsBackInAContainerThatLives) {
    const Box stale("x1", "c1"), valid("x2", "c2");
    expect_ok("ADD", stale);
    expect_ok("ADD", valid);
    gc(json::array({attachment(valid)}));
    EXPECT_EQ(stale.link()["mtu"], 1500);
    EXPECT_EQ(valid.link()["mtu"], 1400);
    EXPECT_EQ(files(), 1u);
    expect_ok("DEL", stale);
    expect_ok("DEL", valid);
}

TEST_F(TuningBackup, GcPutsNothingBackInTheNextContainerAtThePlace) {
    std::optional<Box> dead(std::in_place, "x1", "c1");
    expect_ok("ADD", *dead);
    dead.reset();
    const Box next("x1", "c2");
    next.netns.output_of({"ip", "link", "set", "eth0", "mtu", "1300"});
    gc(json::array());
    EXPECT_EQ(next.link()["mtu"], 1300);
    EXPECT_EQ(files(), 0u);
}

TEST_F(TuningBackup, GcRemovesWhatAKilledAddHasLeft) {
    const Program add = plugin_program("tuning", "ADD", args(*container_), config(all()).dump());
    bool seen = false, killed = true;
    for (int number = 1; killed; number += fault_spread()) {
        killed = run_with_fault(add, {number}).reached;
        seen = files() > (backup() ? 1u : 0u);
        if (seen) break;
        EXPECT_TRUE(tuning("DEL", {}).ok());
    }
    EXPECT_TRUE(seen || is_sanitized()) << "no temporary file was left by any of them";
    gc(json::array());
    EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace cni::test
