// What plugins have in common whose interface lies in the container alone, and is of a kind that
// not every kernel has.
#include <gmock/gmock.h>

#include <list>

#include "support/crowd.h"
#include "support/uplink_fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const auto plugins = ::testing::Values("dummy", "vlan", "ipvlan");
const auto name_of = [](const auto& each) { return each.param; };

/// On a host with an uplink; VLAN 0 of it, for one that has those.
class Inside : public SandboxTest,
               public ::testing::WithParamInterface<std::string>,
               protected UplinkCalls {
protected:
    Inside() : UplinkCalls(GetParam()) {}
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) shell("ip link add uplink up type veth peer name wire");
    }
    /// Its interface, of another kind.
    static void take_the_name(const TestNetns& c) {
        shell(c, "ip link add eth0 type veth peer name other");
    }
    std::string not_created(const std::string& reason) const {
        return cat("failed to create ", GetParam(), " eth0", reason);
    }
    static constexpr const char* fail = "echo '{\"code\": 123, \"msg\": \"broken\"}'; exit 1";
    static void expect_failed(const PluginRun& run) {
        EXPECT_EQ(run.error_code(), 123) << run.report();
        EXPECT_EQ(run.error_message(), "broken");
    }
};
INSTANTIATE_TEST_SUITE_P(Of, Inside, plugins, name_of);

TEST_P(Inside, AddLeavesAnInterfaceOfThatNameAndAllocatesNothing) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    take_the_name(c);
    const PluginRun run = call("ADD", c, scripted());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_EQ(run.error_message(), not_created(": File exists"));
    EXPECT_FALSE(link(c, "eth0").is_null());
    EXPECT_THAT(ipam.calls(), IsEmpty());
}

TEST_P(Inside, DelLeavesAnInterfaceOfAnotherKindAndReleasesTheAddress) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    take_the_name(c);
    const PluginRun run = call("DEL", c, scripted());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err,
                HasSubstr(cat("interface eth0 is not of type ", GetParam(), ": it is left alone")));
    EXPECT_FALSE(link(c, "eth0").is_null());
    EXPECT_THAT(ipam.calls(), ElementsAre("DEL c1 eth0"));
}

TEST_P(Inside, DelNeedsNeitherNamespaceNorValidKeys) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    PluginArgs with = args(c);
    with.args = "MAC=junk;what";
    for (const json& keys : std::vector<json>{{{"master", nullptr}},
                                              {{"master", "gone"}},
                                              {{"master", 5}, {"mac", 5}},
                                              {{"vlanId", 9999}, {"protocol", "x"}},
                                              {{"mtu", "x"}, {"dns", 5}},
                                              {{"linkInContainer", "x"}}})
        for (const char* path : {"", "/run/netns/gone", "/run/netns/c1"}) {
            with.netns = path;
            const PluginRun run = call("DEL", with, scripted(keys));
            EXPECT_TRUE(run.ok()) << keys << run.report();
            EXPECT_EQ(run.out, "");
            EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
        }
    EXPECT_TRUE(call("DEL", with, network({{"ipam", nullptr}})).ok());
}

TEST_P(Inside, WhatIpamRefusesIsItsOwnError) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    for (const char* command : {"CHECK", "DEL", "GC", "STATUS"}) ipam.on(command, fail);
    expect_failed(check(c, scripted(), json::object()));
    expect_failed(call("DEL", c, scripted()));
    expect_failed(call("STATUS", scripted()));
    expect_failed(call("GC", scripted({{"cni.dev/valid-attachments", json::array()}})));
}

TEST_P(Inside, GcIsPassedOnWithItsList) {
    const ScriptedIpam ipam;
    ipam.on("GC", "cat > /mnt/input");
    const json valid = {{{"containerID", "valid"}, {"ifname", "eth0"}}};
    const PluginRun run = call("GC", scripted({{"cni.dev/valid-attachments", valid}}));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(ipam.calls(), ElementsAre("GC  "));
    EXPECT_THAT(output_of({"cat", "/mnt/input"}), HasSubstr(R"("containerID":"valid")"));
}

TEST_P(Inside, SaysWhatTheKernelLacksAndReleasesTheAddress) {
    const std::string on_uplink = "ip link add link uplink name probe type ";
    if (run({.argv = {"sh", "-c",
                      cat(on_uplink, GetParam(), " || ", on_uplink, GetParam(), " id 5 || ",
                          "ip link add probe type ", GetParam())}})
            .ok())
        GTEST_SKIP() << "the kernel has interfaces of this kind";
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    PluginRun run = call("ADD", c, scripted());
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr(not_created("")));
    EXPECT_THAT(run.error_message(), HasSubstr("Operation not supported"));
    EXPECT_THAT(ipam.calls(), ElementsAre("ADD c1 eth0", "DEL c1 eth0"));
    run = call("STATUS", scripted());
    EXPECT_EQ(run.error_code(), 50) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("the kernel lacks what the configuration needs: "));
}

class VmInside : public Inside {
protected:
    void SetUp() override {
        Inside::SetUp();
        if (!IsSkipped()) skip_without_vlan_filtering();
    }
    bool has_interface(const TestNetns& c) const { return !link(c, "eth0").is_null(); }
    static std::string answer(const json& keys = json::object()) {
        return ipam_result({"10.1.2.2/24"}, keys);
    }
};
INSTANTIATE_TEST_SUITE_P(Vm, VmInside, plugins, name_of);

TEST_P(VmInside, AFailedAddTakesEverythingBack) {
    const ScriptedIpam ipam;
    const json unreachable = {{{"dst", "10.9.0.0/16"}, {"gw", "192.0.2.1"}}};
    const auto expect_undone = [&](const json& keys, const std::string& output, int code,
                                   const std::string& message) {
        SCOPED_TRACE(output);
        ipam.on("ADD", output);
        const TestNetns c("c1");
        const PluginRun run = call("ADD", c, scripted(keys));
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
        EXPECT_FALSE(has_interface(c));
        EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    };
    const auto echo = [](const std::string& text) { return cat("echo '", text, "'"); };
    const json none = json::object();
    expect_undone(none, fail, 123, "broken");
    expect_undone(none, echo("junk"), 999, "failed to unmarshal raw result");
    expect_undone(none, echo(ipam_result({})), 999, "IPAM plugin returned missing IP config");
    expect_undone(none, echo(answer({{"routes", unreachable}})), 999,
                  "failed to add route '10.9.0.0/16 via 192.0.2.1");
    expect_undone({{"mtu", 1000}}, echo(ipam_result({"fd00:1:2::2/64"})), 999,
                  "its MTU of 1000 bytes is below 1280");
}

TEST_P(VmInside, DnsOfIpamIsKeptUnlessTheConfigurationHasItsOwn) {
    const ScriptedIpam ipam;
    ipam.answer(answer({{"dns", {{"nameservers", {"10.1.2.1"}}, {"domain", "x"}}}}));
    const TestNetns c("c1");
    EXPECT_EQ(add(c, scripted())["dns"], json({{"nameservers", {"10.1.2.1"}}, {"domain", "x"}}));
    del(c, scripted());
    const json own = scripted({{"dns", {{"nameservers", {"10.1.2.9"}}}}});
    EXPECT_EQ(add(c, own)["dns"], json({{"nameservers", {"10.1.2.9"}}}));
}

TEST_P(VmInside, CheckNoticesWhatWasChanged) {
    const json config = network({{"mtu", 1400}});
    expect_noticed(config, "ip link set eth0 down", "Interface eth0 is down");
    expect_noticed(config, "ip link delete eth0",
                   "Container Interface name in prevResult: eth0 not found");
    expect_noticed(config, "ip link delete eth0; ip link add eth0 type veth peer name other",
                   cat("Error: Container interface eth0 not of type ", GetParam()));
    if (GetParam() != "ipvlan")  // it has that of its master
        expect_noticed(config, "ip link set eth0 address 02:00:00:00:00:09",
                       "doesn't match container Mac: 02:00:00:00:00:09");
    expect_noticed(config, "ip link set eth0 mtu 1300",
                   "interface eth0 has an MTU of 1300 bytes instead of 1400");
    expect_noticed(config, "ip -4 address flush dev eth0", "Failed to match addr 10.1.2.");
    expect_noticed(config, "ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed(config, "ip -6 route delete default", "Expected Route ::/0");
}

TEST_P(VmInside, CheckDoesNotCareForAnMtuThatNobodyAskedFor) {
    const TestNetns c("c1");
    const json result = add(c, network());
    shell(c, "ip link set eth0 mtu 1300");
    expect_sound(c, network(), result);
}

TEST_P(VmInside, DelRemovesTheInterfaceBeforeItsAddressesAreFree) {
    const ScriptedIpam ipam;
    ipam.answer(answer());
    ipam.on("DEL", "! ip -n c1 link show eth0");
    const TestNetns c("c1");
    const Snapshot before = c.run(take_snapshot);
    add(c, scripted());
    for (int i = 0; i < 2; ++i) del(c, scripted());
    EXPECT_EQ(c.run(take_snapshot), before);
    EXPECT_THAT(ipam.calls(), ElementsAre("ADD c1 eth0", "DEL c1 eth0", "DEL c1 eth0"));
}

TEST_P(VmInside, DelRemovesTheInterfaceWhateverIpamSays) {
    const ScriptedIpam ipam;
    ipam.answer(answer());
    ipam.on("DEL", fail);
    const TestNetns c("c1");
    add(c, scripted());
    expect_failed(call("DEL", c, scripted()));
    EXPECT_FALSE(has_interface(c));
}

// A quarter of them may lose their namespaces at any moment.
TEST_P(VmInside, ManyComeAndGoAtOnce) {
    struct Member {
        Member(const std::string& name, bool vanishes)
            : netns(std::in_place, name), may_vanish(vanishes) {}
        std::optional<TestNetns> netns;
        bool may_vanish;
    };
    const Snapshot before = host_snapshot();
    std::list<Member> members;
    Crowd crowd(8);
    for (int i = 0; i < 24; ++i) {
        Member& m = members.emplace_back(cat("c", i), i % 4 == 0);
        const auto program = [its = args(*m.netns),
                              config = network({{"vlanId", i}}).dump()](const char* command) {
            return plugin_program(GetParam(), command, its, config);
        };
        crowd.add(program("ADD"), [&, program](const Finished& added) {
            EXPECT_TRUE(added.ok() || m.may_vanish) << added.out;
            crowd.add(program("DEL"), [&](const Finished& deleted) {
                EXPECT_TRUE(deleted.ok()) << deleted.out;
                EXPECT_TRUE(!m.netns || !has_interface(*m.netns));
            });
        });
    }
    crowd.run([&] {
        for (Member& m : members)
            if (m.may_vanish && crowd.pick(20) == 0) m.netns.reset();
    });
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_EQ(host_snapshot().links, before.links);
}

}  // namespace
}  // namespace cni::test
