// DEL, and GC: the device is as it was, wherever it is and whatever became of it in the container.
#include "fixture.h"
#include "support/link_watch.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HostDeviceDel : public HostDeviceTest {
protected:
    /// DEL succeeds with these arguments, the device is as `before` says, and nothing is left.
    void expect_returned(const PluginArgs& arguments, const json& before,
                         const json& config) const {
        const PluginRun run = call("DEL", arguments, config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(device(), before);
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_THAT(records(), IsEmpty());
    }
    void expect_returned(const TestNetns& c, const json& before) const {
        expect_returned(args(c), before, lending());
    }
};

TEST_F(HostDeviceDel, GivesTheHostTheDeviceAsItWas) {
    shell("ip link set uplink alias 'to the world'");
    const json before = device();
    const Snapshot host = host_snapshot();
    const TestNetns c("c1");
    const Snapshot container = c.run(take_snapshot);
    for (const char* meanwhile :
         {"true", "ip link set eth0 down", "ip link set eth0 mtu 1300",
          "ip link set eth0 down address 02:00:00:00:00:77", "ip link set eth0 alias x",
          "ip link set eth0 alias ''", "ip link set eth0 promisc on",
          "ip link set eth0 down; ip link set eth0 name hidden",
          "ip link set eth0 down; ip link set eth0 name hidden mtu 1300; "
          "ip link add eth0 type veth peer name x; ip link delete eth0",
          "ip link add br0 type bridge; ip link set eth0 master br0; ip link delete br0"}) {
        SCOPED_TRACE(meanwhile);
        add(c, lending());
        shell(c, meanwhile);
        if (std::string_view(meanwhile).find("promisc") != std::string::npos)
            shell(c, "ip link set eth0 promisc off");
        expect_returned(c, before);
        expect_returned(c, before);
        EXPECT_EQ(host_snapshot().links, host.links);
        EXPECT_EQ(c.run(take_snapshot).links, container.links);
    }
}

// udev and NetworkManager act on every name that they see.
TEST_F(HostDeviceDel, TheHostSeesNoOtherName) {
    const TestNetns c("c1");
    const LinkWatch watch(Netns::current());
    add(c, lending());
    del(c, lending());
    add(c, lending());
    shell(c, "ip link set eth0 down; ip link set eth0 name hidden");
    del(c, lending());
    EXPECT_EQ(watch.names(), std::set<std::string>{"uplink"});
}

TEST_F(HostDeviceDel, WithoutANamespaceTheRecordTellsIt) {
    const json before = device();
    for (const std::optional<std::string>& path :
         std::vector<std::optional<std::string>>{{}, "", "/run/netns/gone", "/etc/passwd"}) {
        const TestNetns c("c1");
        add(c, lending());
        PluginArgs without = args(c);
        without.netns = path;
        expect_returned(without, before, lending());
    }
}

TEST_F(HostDeviceDel, WhenTheNamespaceIsGone) {
    std::optional<TestNetns> c("c1");
    const json result = add(*c, lending());
    const PluginArgs of_gone = args(*c);
    c.reset();
    for (int i = 0; i < 2; ++i) {
        const PluginRun run = call("DEL", of_gone, recorded(lending(), result));
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out + run.err, "");
    }
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_THAT(records(), IsEmpty());
}

// Of hardware that is the kernel's doing: see VmHostDevice.
TEST_F(HostDeviceDel, WhatCameBackUnderAnotherNameIsPutRight) {
    shell("touch /run/netns/host; mount --bind /proc/self/ns/net /run/netns/host");
    const json before = device();
    for (const char* name : {"eth0", "other", "uplink"}) {
        const TestNetns c("c1");
        add(c, lending());
        shell(c, cat("ip link set eth0 netns host name ", name));
        ASSERT_FALSE(link(name).is_null());
        expect_returned(c, before);
    }
}

TEST_F(HostDeviceDel, InTheNamespaceOfAnotherContainer) {
    const json before = device();
    std::optional<TestNetns> first("c1");
    add(*first, lending());
    const PluginArgs of_first = args(*first);
    first->unmount();
    const TestNetns second("c1");
    shell(second, "ip link add eth0 type veth peer name x; ip link set eth0 alias other");
    const PluginRun run = call("DEL", of_first, lending());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_FALSE(link(second, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostDeviceDel, AnAddThatWasKilledBeforeTheMoveChangesNothing) {
    const TestNetns c("c1");
    add(c, lending());
    shell("cp -r /run/cni/host-device /run/cni/kept");
    del(c, lending());
    shell("cp /run/cni/kept/* /run/cni/host-device; ip link set uplink down mtu 1300");
    const json before = device();
    expect_returned(c, before);
}

TEST_F(HostDeviceDel, ANameThatIsTakenOnTheHost) {
    const json before = device();
    const TestNetns c("c1");
    const json result = add(c, lending());
    shell("ip link add uplink type bridge");
    const PluginRun run = call("DEL", c, lending());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_EQ(run.error_message(), "failed to move \"uplink\" to hostNS: File exists");
    EXPECT_THAT(run.json()["details"].get<std::string>(),
                HasSubstr("the host has another interface uplink now"));
    // Nothing is lost: neither the device nor the address that it bears.
    expect_sound(c, lending(), result);
    EXPECT_FALSE(leases().empty());
    shell("ip link delete uplink");
    expect_returned(c, before);
}

// They travel with it, and are given by whoever has it.
TEST_F(HostDeviceDel, AlternativeNamesThatTheHostHasAreTakenFromIt) {
    shell("ip link property add dev uplink altname its-own; ip link add br0 type bridge");
    const TestNetns c("c1");
    add(c, lending());
    shell(c, "ip link property add dev eth0 altname br0");
    del(c, lending());
    const json names = link("uplink").value("altnames", json::array());
    EXPECT_THAT(names, Not(Contains("br0")));
    EXPECT_EQ(link("br0")["linkinfo"]["info_kind"], "bridge");
}

TEST_F(HostDeviceDel, WithOtherOrWrongKeys) {
    const json before = device();
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{{{"device", nullptr}},
                                              {{"device", "other"}},
                                              {{"device", 5}},
                                              {{"hwaddr", "x"}},
                                              {{"pciBusID", "../x"}},
                                              {{"runtimeConfig", {{"deviceID", "gone"}}}},
                                              {{"prevResult", "junk"}}}) {
        add(c, lending());
        expect_returned(args(c), before, lending(keys));
    }
}

TEST_F(HostDeviceDel, GoesOnWhenIpamFailsAndSaysSo) {
    const json before = device();
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted_lending());
    ipam.on("DEL", "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    EXPECT_EQ(call("DEL", c, scripted_lending()).error_code(), 100);
    EXPECT_EQ(device(), before);
    ipam.on("DEL", "true");
    expect_returned(args(c), before, scripted_lending());
}

TEST_F(HostDeviceDel, GcTakesBackWhatIsLentToNobody) {
    const json before = device();
    const TestNetns c("c1");
    const json result = add(c, lending());
    const auto gc = [&](const json& valid) {
        const PluginRun run = call("GC", lending({{"cni.dev/valid-attachments", valid}}));
        EXPECT_TRUE(run.ok()) << run.report();
    };
    gc({{{"containerID", "c1"}, {"ifname", "eth0"}}});
    expect_sound(c, lending(), result);
    const PluginRun other =
        call("GC", lending({{"name", "net2"}, {"cni.dev/valid-attachments", json::array()}}));
    EXPECT_TRUE(other.ok()) << other.report();
    EXPECT_TRUE(call("GC", lending()).ok());
    expect_sound(c, lending(), result);
    gc({{{"containerID", "c1"}, {"ifname", "net1"}}});
    EXPECT_EQ(device(), before);
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_TRUE(link(c, "eth0").is_null());
}

TEST_F(HostDeviceDel, ARecordThatIsGarbledCountsAsNone) {
    const TestNetns c("c1");
    for (const char* text : {"", "{", "[]", "{}", R"({"network": "net1", "containerID": "c1",
                              "ifname": "eth0", "device": {"name": "../x"}})"}) {
        add(c, lending());
        shell(cat("for f in /run/cni/host-device/*; do printf '%s' '", text, "' >$f; done"));
        const PluginRun run = call("DEL", c, lending());
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("is garbled"));
        EXPECT_FALSE(link("uplink").is_null());
        EXPECT_THAT(records(), IsEmpty());
        shell("ip link set uplink up");
    }
}

}  // namespace
}  // namespace cni::test
