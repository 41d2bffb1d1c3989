// What DEL and GC find in the backup, and what they do when there is none that is any good.
#include <algorithm>
#include <filesystem>

#include "plugins/tuning/fixture.h"
#include "support/fault.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TuningDel : public TuningTest {
protected:
    /// DEL succeeds and leaves neither changes nor files.
    void expect_undone() const {
        const PluginRun run = tuning("DEL", {});
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(state(), before_);
        EXPECT_TRUE(!std::filesystem::exists("/run/cni/tuning") ||
                    std::filesystem::is_empty("/run/cni/tuning"));
    }
};

TEST_F(TuningDel, ASecondAddKeepsTheFirstState) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    json other = all();
    other["mtu"] = 1300;
    other["sysctl"]["net.core.somaxconn"] = "700";
    ASSERT_TRUE(tuning("ADD", other).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(state(), before_);
}

// More than a page: the kernel takes such a list in parts.
TEST_F(TuningDel, ALongValueIsSetAndPutBackWhole) {
    const std::string key = "net/ipv4/ip_local_reserved_ports";
    std::string ports = "1001";
    for (int port = 1003; port < 3999; port += 2) ports += cat(",", port);
    ASSERT_TRUE(tuning("ADD", {{"sysctl", {{key, ports}}}}).ok());
    ASSERT_EQ(parameter(key), ports);
    ASSERT_TRUE(tuning("ADD", {{"dataDir", "/run/second"}, {"sysctl", {{key, "80"}}}}).ok());
    ASSERT_EQ(parameter(key), "80");
    EXPECT_TRUE(tuning("DEL", {{"dataDir", "/run/second"}}).ok());
    EXPECT_EQ(parameter(key), ports);
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(parameter(key), "");
}

TEST_F(TuningDel, TheHostIsNotTakenForTheContainer) {
    ASSERT_TRUE(tuning("ADD", {{"mtu", 1400}}).ok());
    output_of({"ip", "link", "add", "eth0", "mtu", "1234", "type", "bridge"});
    PluginArgs host = args(*container_);
    host.netns = "/proc/self/ns/net";
    EXPECT_EQ(run_plugin("tuning", "DEL", host, config().dump()).error_code(), 8);
    EXPECT_EQ(link("eth0")["mtu"], 1234);
    EXPECT_FALSE(backup());
}

TEST_F(TuningDel, TwoNetworksShareTheRecord) {
    ASSERT_TRUE(tuning("ADD", {{"mtu", 1400}}).ok());
    const json second = {{"name", "net2"}, {"mtu", 1300}, {"txQLen", 5}};
    ASSERT_TRUE(tuning("ADD", second).ok());
    EXPECT_TRUE(tuning("DEL", second).ok());
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
    EXPECT_TRUE(tuning("DEL", {}).ok());
}

TEST_F(TuningDel, TheRecordIsTheOwnersAloneAndInTheConfiguredDirectory) {
    const std::string dir = "/run/a/b", file = "/run/a/b/c1_eth0.json";
    ASSERT_TRUE(
        tuning("ADD", {{"dataDir", dir}, {"mac", "02:00:00:00:00:02"}, {"mtu", 1400}}).ok());
    EXPECT_FALSE(backup());
    EXPECT_EQ(output_of({"stat", "-c", "%a", dir, file}), "700\n600\n");
    const std::string text = read_file(file, 4096).value_or("");
    EXPECT_THAT(text, StartsWith("{\n \"mac\": \"02:00:00:00:00:01\",\n \"mtu\": 1500,\n"
                                 " \"network\": \"net1\",\n \"containerID\": \"c1\",\n"
                                 " \"ifname\": \"eth0\",\n"));
    EXPECT_THAT(text, EndsWith(" \"sysctl\": {\n  \"net/ipv4/conf/eth0/arp_notify\": \"0\",\n"
                               "  \"net/ipv6/conf/eth0/ndisc_notify\": \"0\"\n }\n}"));
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_NE(state(), before_);
    EXPECT_TRUE(tuning("DEL", {{"dataDir", dir}}).ok());
    EXPECT_EQ(state(), before_);
    EXPECT_TRUE(std::filesystem::is_empty(dir));
}

TEST_F(TuningDel, OnlyWhatIsRecordedIsPutBack) {
    shell("ip link set eth0 mtu 1300 txqueuelen 5");
    write_backup("{\n \"mac\": \"\",\n \"mtu\": 0,\n \"txQLen\": 7\n}");
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_EQ(link(*container_, "eth0")["txqlen"], 7);
    EXPECT_EQ(mac(), "02:00:00:00:00:01");
}

TEST_F(TuningDel, WhatTheKernelRefusesIsKeptForTheNextDel) {
    write_backup("{\n \"mac\": \"02:00:00:00:00:02\",\n \"mtu\": 20,\n \"txQLen\": 7\n}");
    const PluginRun run = tuning("DEL", {});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("set MTU of eth0 to 20"));
    EXPECT_EQ(mac(), "02:00:00:00:00:02");
    EXPECT_EQ(link(*container_, "eth0")["txqlen"], 7) << "all of them are tried";
    EXPECT_TRUE(backup());
}

TEST_F(TuningDel, ParametersThatCannotBePutBackHinderNothing) {
    write_backup(R"({"mtu":1300,"sysctl":{"net/ipv4/conf/gone/arp_filter":"1",
        "net/core/somaxconn":"x","net/ipv4/conf/eth0/arp_filter":"1"}})");
    const PluginRun run = tuning("DEL", {});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("/proc/sys/net/core/somaxconn"));
    EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_filter"), "1");
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1300);
    EXPECT_FALSE(backup());
}

/// /proc/sys as in a unit with ProtectKernelTunables=yes.
class ReadOnlyParameters {
public:
    ReadOnlyParameters() {
        output_of({"mount", "--bind", "/proc/sys", "/proc/sys"});
        output_of({"mount", "-o", "remount,ro,bind", "/proc/sys"});
    }
    ~ReadOnlyParameters() { run({.argv = {"umount", "/proc/sys"}}); }
};

TEST_F(TuningDel, WhereParametersCannotBeWrittenTheContainerGoesAllTheSame) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    const ReadOnlyParameters read_only;
    const PluginRun run = tuning("DEL", {});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    for (const char* key : {"net/core/somaxconn", "net/ipv4/conf/eth0/arp_filter",
                            "net/ipv4/ip_local_reserved_ports"})
        EXPECT_THAT(run.err, HasSubstr(cat("/proc/sys/", key, ": Read-only file system")));
    EXPECT_THAT(run.err, Not(HasSubstr("arp_notify"))) << "it is as it was";
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1500);
    EXPECT_EQ(mac(), "02:00:00:00:00:01");
    EXPECT_FALSE(backup());
    EXPECT_EQ(tuning("DEL", {}).err, "");
}

TEST_F(TuningDel, WhereParametersCannotBeWrittenTheInterfaceIsTunedAndPutBackAllTheSame) {
    const ReadOnlyParameters read_only;
    const PluginRun added = tuning("ADD", {{"mac", "02:00:00:00:00:33"}, {"mtu", 1400}});
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_THAT(added.err, HasSubstr("arp_notify: Read-only file system"));
    EXPECT_EQ(mac(), "02:00:00:00:00:33");
    EXPECT_THAT(tuning("ADD", all()).error_message(), HasSubstr("Read-only file system"));
    const PluginRun run = tuning("DEL", {});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(state(), before_);
    EXPECT_FALSE(backup());
}

TEST_F(TuningDel, WhereTheNamespaceCannotBeEnteredTheContainerGoesAllTheSame) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    const std::string text = config().dump();
    without({Missing::entering_namespaces}, [&] {
        const PluginRun run = run_plugin("tuning", "DEL", args(*container_), text);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("enter network namespace /run/netns/c1"));
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    });
    expect_undone();  // by the next DEL
}

TEST_F(TuningDel, AsksNothingOfTheConfiguration) {
    for (const json& keys : std::vector<json>{{{"mac", "xx"}},
                                              {{"mtu", "big"}},
                                              {{"sysctl", 5}},
                                              {{"args", {{"cni", {{"mac", 5}}}}}},
                                              {{"prevResult", "junk"}}}) {
        ASSERT_TRUE(tuning("ADD", all()).ok());
        const PluginRun run = tuning("DEL", keys, "junk");
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(state(), before_) << keys;
        EXPECT_FALSE(backup());
    }
}

TEST_F(TuningDel, AGarbledBackupIsReportedOnce) {
    write_backup("{");
    EXPECT_THAT(tuning("ADD", all()).error_message(),
                HasSubstr("backup file /run/cni/tuning/c1_eth0.json is garbled"));
    EXPECT_EQ(state(), before_);
    EXPECT_THAT(tuning("DEL", {}).error_message(), HasSubstr("c1_eth0.json is garbled"));
    EXPECT_FALSE(backup());
    EXPECT_TRUE(tuning("DEL", {}).ok());
}

TEST_F(TuningDel, DelSucceedsWithoutNamespaceOrInterfaceAndRemovesTheFile) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    shell("ip link delete eth0");
    EXPECT_TRUE(tuning("DEL", {}).ok());
    EXPECT_FALSE(backup());
    container_->unmount();
    for (const std::optional<std::string>& netns :
         {std::optional<std::string>(container_->path()), {""}, {}}) {
        write_backup("{");
        PluginArgs without = args(*container_);
        without.netns = netns;
        const PluginRun run = run_plugin("tuning", "DEL", without,
                                         R"({"cniVersion":"1.0.0","name":"net1","type":"tuning"})");
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_FALSE(backup());
    }
}

TEST_F(TuningDel, GcRemovesBackupsOfItsNetworkOnly) {
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

TEST_F(TuningDel, AddKilledAnywhereIsUndoneByTheNextDel) {
    FaultSample(7).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        const auto injured = run_with_fault(
            plugin_program("tuning", "ADD", args(*container_), config(all()).dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        expect_undone();
        return injured.reached;
    });
}

TEST_F(TuningDel, KilledAnywhereIsFinishedByTheNext) {
    FaultSample(7).try_all(Fault::Kind::kill_program, [&](const Fault& fault) {
        EXPECT_TRUE(tuning("ADD", all()).ok());
        const auto injured = run_with_fault(
            plugin_program("tuning", "DEL", args(*container_), config().dump()), fault);
        SCOPED_TRACE(describe(fault, injured));
        expect_undone();
        return injured.reached;
    });
}

TEST_F(TuningDel, BackupsOfTheReferencePluginAndTheReverse) {
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
