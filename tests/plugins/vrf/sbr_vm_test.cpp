// Beside sbr, which chooses tables as well: from 100 on, where vrf begins with 1.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// eth0 is for vrf, eth1 for sbr.
class VmVrfBesideSbr : public VmVrfTest {
protected:
    void SetUp() override {
        VmVrfTest::SetUp();
        if (IsSkipped()) return;
        inside(
            "ip link add eth1 up type dummy; ip address add 10.66.0.2/24 dev eth1;"
            "ip address add fd66::2/64 dev eth1 nodad; ip route add default via 10.88.0.1;"
            "ip -6 route add default via fd88::1");
    }

    /// Both begin with the same table.
    void use_up_tables() const {
        inside(
            "for t in $(seq 1 99); do echo route add unreachable 10.9.9.$t table $t; done |"
            "ip -batch -");
    }
    json sbr_config(const std::string& ifname, const std::string& network) const {
        const auto ip = [&](const std::string& address, const std::string& gateway) {
            return json{{"address", address}, {"interface", 0}, {"gateway", gateway}};
        };
        return {{"cniVersion", "1.0.0"},
                {"name", "net1"},
                {"type", "sbr"},
                {"prevResult",
                 {{"cniVersion", "1.0.0"},
                  {"interfaces", {{{"name", ifname}, {"sandbox", container_->path()}}}},
                  {"ips",
                   {ip(cat("10.", network, ".0.2/24"), cat("10.", network, ".0.1")),
                    ip(cat("fd", network, "::2/64"), cat("fd", network, "::1"))}}}}};
    }
    json of_eth1() const { return sbr_config("eth1", "66"); }
    Program program(const char* plugin, const std::string& ifname, const json& config) const {
        return plugin_program(plugin, "ADD", args(*container_, ifname), config.dump());
    }
    void expect_sbr(const char* command, const std::string& ifname, const json& config) const {
        const PluginRun run = run_plugin("sbr", command, args(*container_, ifname), config.dump());
        EXPECT_TRUE(run.ok()) << command << run.report();
        EXPECT_EQ(run.err, "");
    }
    int table_of_vrf() const { return link(*container_, "blue")["linkinfo"]["info_data"]["table"]; }
    /// Each interface's routes are in the table of its plugin alone.
    void expect_apart(const std::string& of_vrf, const std::vector<std::string>& of_sbr) const {
        EXPECT_EQ(table_of_vrf(), parse_int<int>(of_vrf)) << state();
        EXPECT_THAT(table(of_vrf),
                    AllOf(HasSubstr("default via 10.88.0.1 dev eth0"),
                          HasSubstr("default via fd88::1 dev eth0"), Not(HasSubstr("eth1"))));
        std::string all;
        for (const std::string& each : of_sbr) all += table(each);
        EXPECT_THAT(all, AllOf(HasSubstr("default via 10.66.0.1 dev eth1"),
                               HasSubstr("default via fd66::1 dev eth1"), Not(HasSubstr("eth0"))));
        expect_ok("CHECK", config());
        expect_sbr("CHECK", "eth1", of_eth1());
    }
    void remove_both(const std::string& before) const {
        expect_sbr("DEL", "eth1", of_eth1());
        expect_ok("DEL", config());
        EXPECT_EQ(state(), before);
    }
};

TEST_F(VmVrfBesideSbr, TakesATableThatSbrHasNot) {
    use_up_tables();
    const std::string before = state();
    expect_sbr("ADD", "eth1", of_eth1());
    expect_ok("ADD", config());
    expect_apart("102", {"100", "101"});
    remove_both(before);
}

TEST_F(VmVrfBesideSbr, LeavesItsTableToNoAddOfSbr) {
    use_up_tables();
    const std::string before = state();
    expect_ok("ADD", config());
    expect_sbr("ADD", "eth1", of_eth1());
    expect_apart("100", {"101", "102"});
    remove_both(before);
}

// Whoever chooses first.
TEST_F(VmVrfBesideSbr, ChoosesAtTheSameTime) {
    use_up_tables();
    const std::string before = state();
    constexpr int rounds = 5;
    for (int round = 0; round < rounds; ++round) {
        Process vrf = Process::start(program("vrf", "eth0", config()));
        Process sbr = Process::start(program("sbr", "eth1", of_eth1()));
        for (Process* each : {&vrf, &sbr}) {
            const Finished finished = each->wait();
            ASSERT_TRUE(finished.ok()) << finished.out << finished.err;
        }
        if (table_of_vrf() == 100)
            expect_apart("100", {"101", "102"});
        else
            expect_apart("102", {"100", "101"});
        remove_both(before);
    }
}

// One interface of a list with both: its tables are kept in the VRF.
TEST_F(VmVrfBesideSbr, KeepsWhatSbrHasMovedOfTheSameInterface) {
    const json of_eth0 = sbr_config("eth0", "88");
    const std::string before = state();
    expect_sbr("ADD", "eth0", of_eth0);
    const std::string moved = table("100") + table("101");
    EXPECT_THAT(moved, HasSubstr("default via 10.88.0.1 dev eth0"));
    expect_ok("ADD", config());
    EXPECT_EQ(table("100") + table("101"), moved);
    expect_ok("CHECK", config());
    // Backwards, as a runtime does it.
    expect_ok("DEL", config());
    EXPECT_EQ(table("100") + table("101"), moved);
    expect_sbr("DEL", "eth0", of_eth0);
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace cni::test
