// DEL whatever became of the tap, and GC; CHECK and STATUS.
#include "fixture.h"
#include "support/tap_program.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TapDel : public TapTest {
protected:
    static std::string taps(const TestNetns& c) {
        return c.output_of({"ip", "-o", "link", "show", "type", "tun"});
    }
    void expect_gone(const TestNetns& c, const json& config) const {
        for (int i = 0; i < 2; ++i) {
            del(c, config);
            EXPECT_EQ(taps(c), "");
            EXPECT_THAT(leases(), IsEmpty());
        }
    }
};

TEST_F(TapDel, RemovesItWhateverTheContainerMadeOfIt) {
    for (const char* meanwhile :
         {"true", "ip link set eth0 down", "ip link set eth0 down; ip link set eth0 name hidden",
          "ip link set eth0 mtu 1300 address 02:00:00:00:00:07",
          "ip link add br0 type bridge; ip link set eth0 master br0", "ip link delete eth0"}) {
        SCOPED_TRACE(meanwhile);
        const TestNetns c("c1");
        add(c, network());
        shell(c, meanwhile);
        expect_gone(c, network());
    }
}

TEST_F(TapDel, TakesItFromTheProgramThatHasIt) {
    const TestNetns c("c1");
    add(c, network());
    const Fd program = attach_program(c);
    expect_gone(c, network());
}

TEST_F(TapDel, LeavesWhatIsSomebodyElses) {
    const TestNetns c("c1");
    add(c, network());
    shell(c, "ip link delete eth0; ip link add eth0 type veth peer name x");
    const PluginRun run = call("DEL", c, network());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("interface eth0 is not of type tun: it is left alone"));
    EXPECT_FALSE(link(c, "eth0").is_null());
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(TapDel, WithoutANamespaceTheAddressesAreReleased) {
    std::optional<TestNetns> c("c1");
    for (const std::optional<std::string>& path :
         std::vector<std::optional<std::string>>{{}, "", "/run/netns/gone"}) {
        add(*c, network());
        PluginArgs without = args(*c);
        without.netns = path;
        EXPECT_TRUE(call("DEL", without, network()).ok());
        EXPECT_THAT(leases(), IsEmpty());
        shell(*c, "ip link delete eth0");
    }
}

TEST_F(TapDel, WithOtherOrWrongKeys) {
    const TestNetns c("c1");
    for (const json& keys : std::vector<json>{{{"mac", "x"}},
                                              {{"mtu", "x"}},
                                              {{"owner", "x"}},
                                              {{"bridge", "none"}},
                                              {{"multiQueue", 5}},
                                              {{"selinuxContext", "x"}},
                                              {{"prevResult", "junk"}}}) {
        add(c, network());
        EXPECT_TRUE(call("DEL", c, network(keys)).ok()) << keys;
        EXPECT_EQ(taps(c), "") << keys;
        EXPECT_THAT(leases(), IsEmpty()) << keys;
    }
}

TEST_F(TapDel, GoesOnWhenIpamFailsAndSaysSo) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    add(c, scripted());
    ipam.on("DEL",
            "ip -n $CNI_CONTAINERID link show eth0 && exit 0; "
            "echo '{\"code\": 100, \"msg\": \"store is broken\"}'; exit 1");
    EXPECT_EQ(call("DEL", c, scripted()).error_code(), 100);
    EXPECT_EQ(taps(c), "");
}

// As its release 1.9.1 makes them: without an alias.
TEST_F(TapDel, RemovesAndChecksWhatTheReferencePluginMade) {
    const TestNetns c("c1");
    const json config = layer2_network({{"multiQueue", true}, {"owner", 0}, {"group", 0}});
    shell(c, "ip tuntap add eth0 mode tap multi_queue user 0 group 0; ip link set eth0 up");
    const json result = {
        {"cniVersion", "1.0.0"},
        {"interfaces",
         {{{"name", "eth0"}, {"mac", link(c, "eth0")["address"]}, {"sandbox", c.path()}}}}};
    expect_sound(c, config, result);
    expect_gone(c, config);
}

TEST_F(TapDel, GcTellsIpam) {
    const ScriptedIpam ipam;
    EXPECT_TRUE(call("GC", scripted({{"cni.dev/valid-attachments", json::array()}})).ok());
    EXPECT_EQ(ipam.calls().back(), "GC  ");
    ipam.on("GC", "echo '{\"code\": 100, \"msg\": \"no\"}'; exit 1");
    EXPECT_EQ(call("GC", scripted()).error_code(), 100);
}

class TapCheck : public TapTest {
protected:
    json full() const {
        return network({{"cniVersion", "1.1.0"},
                        {"mtu", 1400},
                        {"multiQueue", true},
                        {"owner", 0},
                        {"group", 0},
                        {"bridge", "br0"}});
    }
    void expect_noticed(const std::string& commands, const std::string& message) const {
        SCOPED_TRACE(commands);
        ASSERT_FALSE(enter_sandbox());
        const TestNetns c("c1");
        shell(c, "ip link add br0 up type bridge");
        const json result = add(c, full());
        expect_sound(c, full(), result);
        shell(c, cat("remake() { ip link delete eth0; ip tuntap add eth0 \"$@\"; ip link set eth0 "
                     "mtu 1400 address ",
                     mac(result), " master br0 up; }; ", commands));
        const PluginRun run = check(c, full(), result);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
        del(c, full());
    }
};

TEST_F(TapCheck, NoticesChanges) {
    expect_noticed("ip link set eth0 down", "Interface eth0 is down");
    expect_noticed("ip link delete eth0", "Container Interface name in prevResult: eth0 not found");
    expect_noticed("ip link delete eth0; ip link add eth0 type veth peer name x",
                   "Error: Container interface eth0 not of type tun");
    expect_noticed("ip link set eth0 address 02:00:00:00:00:07", "Interface eth0 Mac");
    expect_noticed("ip link set eth0 mtu 1300",
                   "interface eth0 has an MTU of 1300 bytes instead of 1400");
    expect_noticed("ip link set eth0 nomaster", "tap eth0 is no port of bridge br0");
    expect_noticed("ip link add br1 type bridge; ip link set eth0 master br1",
                   "tap eth0 is no port of bridge br0");
    expect_noticed("ip link delete br0; ip link set eth0 mtu 1400",
                   "failed to get bridge br0: Link not found");
    expect_noticed("remake mode tap user 0 group 0", "tap eth0 has one queue");
    expect_noticed("remake mode tap multi_queue group 0",
                   "tap eth0 has the owner nobody instead of 0");
    expect_noticed("remake mode tap multi_queue user 0",
                   "tap eth0 has the group nobody instead of 0");
    expect_noticed("ip address delete 10.1.2.2/24 dev eth0",
                   "Failed to match addr 10.1.2.2/24 on interface eth0");
    expect_noticed("ip address delete fd00:1:2::2/64 dev eth0",
                   "Failed to match addr fd00:1:2::2/64 on interface eth0");
    expect_noticed("ip route delete default", "Expected Route 0.0.0.0/0");
    expect_noticed("ip -6 route delete default", "Expected Route ::/0");
}

TEST_F(TapCheck, NoticesATunAndATapThatGoesWithItsProgram) {
    const TestNetns c("c1");
    json result = add(c, layer2_network());
    result["interfaces"][0].erase("mac");
    shell(c, "ip link delete eth0; ip tuntap add eth0 mode tun; ip link set eth0 up");
    EXPECT_EQ(check(c, layer2_network(), result).error_message(),
              "interface eth0 is a tun and no tap");
    shell(c, "ip link delete eth0");
    const Fd program = attach_program(c);
    shell(c, "ip link set eth0 up");
    EXPECT_EQ(check(c, layer2_network(), result).error_message(),
              "tap eth0 goes with the program that has it");
}

TEST_F(TapCheck, StatusTriesIt) {
    EXPECT_TRUE(call("STATUS", full()).ok());
    const PluginRun run = call("STATUS", network({{"mtu", 65535}}));
    EXPECT_EQ(run.error_code(), 50) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("set MTU of tap0 to 65535: Invalid argument"));
    EXPECT_EQ(call("STATUS", network({{"owner", 5}})).error_code(), 50);
    EXPECT_EQ(call("STATUS", network({{"mac", "x"}})).error_code(), 7);
    const ScriptedIpam ipam;
    ipam.on("STATUS", "echo '{\"code\": 50, \"msg\": \"exhausted\"}'; exit 1");
    EXPECT_EQ(call("STATUS", scripted()).error_message(), "exhausted");
    EXPECT_EQ(output_of({"ip", "-o", "link", "show", "type", "tun"}), "");
}

TEST_F(TapCheck, PassesOnWhatIpamSays) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const TestNetns c("c1");
    const json result = add(c, scripted());
    ipam.on("CHECK", "echo '{\"code\": 100, \"msg\": \"no lease\"}'; exit 1");
    EXPECT_EQ(check(c, scripted(), result).error_message(), "no lease");
}

}  // namespace
}  // namespace cni::test
