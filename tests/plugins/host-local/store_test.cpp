// host-local's lease directory: shared with the reference plugin and with itself, crashed in,
// meddled with, filled up.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "plugins/host-local/fixture.h"
#include "support/snapshot.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostLocalStore : public HostLocalTest {
protected:
    // The environment and argv of a call under strace.
    Program traced(const Strings& options, const std::string& command, const std::string& id) {
        PluginArgs plugin_args = args(id);
        plugin_args.args = cni_args_;
        // The leak checker cannot work in a traced process.
        plugin_args.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        Program program = plugin_program("host-local", command, plugin_args, config_.dump());
        Strings argv = {"strace", "-qq", "-o", "/run/trace"};
        argv.insert(argv.end(), options.begin(), options.end());
        argv.insert(argv.end(), program.argv.begin(), program.argv.end());
        program.argv = argv;
        return program;
    }

    /// Of every traced call.
    std::optional<std::string> cni_args_;

    // How often a command that succeeds makes each of these system calls.
    std::map<std::string, int> calls_of(const std::string& command, const std::string& id,
                                        const std::string& calls) {
        const Finished run = test::run(traced({"-e", cat("trace=", calls)}, command, id));
        EXPECT_TRUE(run.ok()) << run.err;
        std::map<std::string, int> counts;
        for (const std::string& line : trace())
            if (const auto end = line.find('('); end != line.npos) ++counts[line.substr(0, end)];
        return counts;
    }
    static Strings trace() {
        const std::string text = *read_file("/run/trace", 64 << 20);
        const auto lines = split(text, '\n');
        return {lines.begin(), lines.end()};
    }

    static void plant_leases(int count) {
        output_of({"mkdir", "-p", directory});
        for (int i = 2; i < count + 2; ++i) {
            const std::string name = cat("10.7.", i / 256, ".", i % 256);
            std::ofstream(path(name)) << "other" << i << "\r\neth0";
        }
    }
};

TEST_F(HostLocalStore, TheReferenceTakesOverAndGivesBack) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    config_["ipam"] = ipam({"10.1.2.0/29", "fd00:1::/64"});
    EXPECT_EQ(add("c1"), "10.1.2.2/29 fd00:1::2/64");
    EXPECT_EQ(join(addresses(reference("ADD", "c2")), " "), "10.1.2.3/29 fd00:1::3/64");
    EXPECT_EQ(add("c3"), "10.1.2.4/29 fd00:1::4/64");
    EXPECT_THAT(call("ADD", "c2").error_message(), HasSubstr("10.1.2.3 has been allocated to c2"));
    EXPECT_THAT(reference("ADD", "c1").error_message(),
                HasSubstr("10.1.2.2 has been allocated to c1"));
    EXPECT_TRUE(call("CHECK", "c2").ok());
    EXPECT_TRUE(reference("CHECK", "c1").ok());
    EXPECT_TRUE(reference("DEL", "c1").ok());
    del("c2");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.4", "fd00:1::4"));
    EXPECT_TRUE(reference("DEL", "c3").ok());
    EXPECT_FALSE(call("CHECK", "c3").ok());
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalStore, BothWriteTheSameFiles) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    add("c1");
    const auto files = take_snapshot().files;
    output_of({"rm", "-r", directory});
    ASSERT_TRUE(reference("ADD", "c1").ok());
    EXPECT_EQ(take_snapshot().files, files);
}

TEST_F(HostLocalStore, SixtyFourAtOnceGetDifferentAddresses) {
    config_ = network(ipam({"10.7.0.0/24"}));
    json for_reference = config_;
    for_reference["cniVersion"] = "1.0.0";
    std::vector<Process> running;
    for (int i = 0; i < 64; ++i) {
        PluginArgs plugin_args = args(cat("c", i));
        const bool theirs = i % 4 == 0 && reference_dir();
        if (theirs) plugin_args.executables = *reference_dir();
        running.push_back(Process::start(plugin_program(
            "host-local", "ADD", plugin_args, (theirs ? for_reference : config_).dump())));
    }
    std::set<std::string> given;
    for (Process& process : running) given.insert(join(addresses(wait_for_plugin(process)), " "));
    EXPECT_EQ(given.size(), 64u);
    EXPECT_EQ(leases().size(), 64u);
    for (int i = 0; i < 64; ++i) del(cat("c", i));
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalStore, OtherLeasesAreNotReadAgain) {
    plant_leases(300);
    config_ = network(ipam({"10.7.0.0/16"}));
    add("first");
    EXPECT_LT(calls_of("ADD", "second", "openat")["openat"], 50);
    del("first");
    // Behind an address that is taken, and behind three hundred.
    plant("last_reserved_ip.0", "10.7.0.1");
    EXPECT_LT(calls_of("ADD", "third", "linkat")["linkat"], 30);
    EXPECT_EQ(leases().size(), 302u);
}

TEST_F(HostLocalStore, TheIndexIsNotReadForAFreeAddressNearby) {
    plant_leases(3000);
    config_ = network(ipam({"10.7.0.0/16"}));
    add("first");
    std::filesystem::remove(path("10.7.0.200"));
    plant("last_reserved_ip.0", "10.7.0.1");
    call("CHECK", "first");  // sees the change
    EXPECT_LT(calls_of("ADD", "second", "pread64")["pread64"], 20);
    EXPECT_EQ(content("10.7.0.200"), "second\r\neth0");
    EXPECT_EQ(add("third"), "10.7.11.187/16") << "behind all of them";
}

class HostLocalCost : public HostLocalStore, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    , HostLocalCost,
    ::testing::Values("{}", R"({"exclude": ["10.7.101.0/24", "10.7.255.0/24"]})",
                      R"({"reserve": [{"address": "10.7.200.1", "pod": "ns/db-0"}]})",
                      R"({"sticky": "pod"})", R"({"cooldown": 3600})",
                      R"({"sticky": "containerID", "cooldown": 3600})", R"({"strategy": "random"})",
                      R"({"strategy": "lowest"})"));

TEST_P(HostLocalCost, IsTheSameWithManyLeases) {
    config_ = network(ipam({"10.7.0.0/16"}));
    config_["ipam"].update(json::parse(GetParam()));
    cni_args_ = "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=db-0";
    const auto cost = [&](const std::string& command, const std::string& id) {
        int sum = 0;
        for (const auto& [name, count] :
             calls_of(command, id,
                      "openat,newfstatat,fstat,read,pread64,write,pwrite64,getdents64,linkat,"
                      "unlinkat,renameat,flock,utimensat"))
            sum += count;
        return sum;
    };
    std::map<std::string, int> with_few;
    for (const int leases : {20, 3000}) {
        plant_leases(leases);
        plant("last_reserved_ip.0", "10.7.100.0");
        add(cat("first", leases));  // reads what was planted
        for (const char* command : {"ADD", "CHECK", "DEL"}) {
            // Of three, as where the index has their entries is chance.
            const auto of = [&](int n) { return cost(command, cat("c", leases, "-", n)); };
            const int sum = std::min({of(1), of(2), of(3)});
            const auto [before, is_first] = with_few.emplace(command, sum);
            // An entry may have to go round a full page of the index.
            EXPECT_LE(sum, before->second + 4) << command;
        }
    }
}

TEST_F(HostLocalStore, WhatOthersDoToTheDirectoryIsSeen) {
    add("c1");
    add("c2");
    std::filesystem::remove(path("10.1.2.2"));
    plant("10.1.2.5", "c9\r\neth0");
    EXPECT_EQ(call("ADD", "c9").error_code(), 999);
    EXPECT_EQ(add("c1"), "10.1.2.4/29");
    del("c9");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3", "10.1.2.4"));
}

TEST_F(HostLocalStore, ALeaseRewrittenInPlaceBelongsToWhomItSays) {
    add("c1");
    plant("10.1.2.2", "c2\r\neth0");
    del("c1");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    del("c2");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalStore, AnEmptyOrZeroedLeaseIsFree) {
    plant("10.1.2.2", "");
    plant("10.1.2.3", std::string(8, '\0'));
    plant("10.1.2.4", "c1\neth0");
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_EQ(add("c2"), "10.1.2.3/29");
    EXPECT_EQ(add("c3"), "10.1.2.5/29");
    EXPECT_EQ(content("10.1.2.4"), "c1\neth0");
}

TEST_F(HostLocalStore, AnIndexThatIsGarbageCutOrLostIsMadeAnew) {
    const Strings damages = {"junk", std::string(69632, 'x'), ""};
    for (const std::string& damage : damages) {
        add("c1");
        output_of({"tee", index_file}, damage);
        EXPECT_FALSE(call("ADD", "c1").ok());
        EXPECT_TRUE(call("CHECK", "c1").ok());
        output_of({"truncate", "-s", "-1", index_file});
        del("c1");
        EXPECT_THAT(leases(), IsEmpty());
    }
    add("c1");
    std::filesystem::remove(index_file);
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalStore, ADirectoryInPlaceOfTheIndexFailsNothing) {
    std::filesystem::create_directories(cat(index_file, "/x"));
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_FALSE(call("ADD", "c1").ok());
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalStore, PlantedLinksAreNotFollowed) {
    const std::string victim = "/run/victim";
    output_of({"tee", victim}, "c1\r\neth0");
    output_of({"mkdir", "-p", directory});
    for (const std::string& name :
         {path("10.1.2.2"), path("last_reserved_ip.0"), std::string(index_file)})
        std::filesystem::create_symlink(victim, name);
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
    del("c1");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    EXPECT_TRUE(std::filesystem::is_symlink(path("10.1.2.2")));
    EXPECT_EQ(read_file(victim, 100), "c1\r\neth0");
}

TEST_F(HostLocalStore, ALockThatIsALinkOrNoFileIsRefused) {
    output_of({"mkdir", "-p", directory});
    std::filesystem::create_symlink("/run/elsewhere", path("lock"));
    EXPECT_EQ(call("ADD").error_message(),
              "open /var/lib/cni/networks/net/lock: Too many levels of symbolic links");
    EXPECT_FALSE(std::filesystem::exists("/run/elsewhere"));
    std::filesystem::remove(path("lock"));
    output_of({"mkfifo", path("lock")});
    EXPECT_EQ(call("DEL").error_message(), "/var/lib/cni/networks/net/lock is not a regular file");
}

TEST_F(HostLocalStore, AFifoInPlaceOfALeaseKeepsTheAddress) {
    output_of({"mkdir", "-p", directory});
    output_of({"mkfifo", path("10.1.2.2")});
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
    del("c1");
}

TEST_F(HostLocalStore, AFullDiskLeavesNoLeaseAndIsNamed) {
    output_of({"mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "/var/lib/cni"});
    add("c1");
    run({.argv = {"dd", "if=/dev/zero", "of=/var/lib/cni/filler", "bs=4k"}});
    const PluginRun full = call("ADD", "c2");
    EXPECT_THAT(full.error_message(), HasSubstr("/var/lib/cni/networks/net"));
    EXPECT_THAT(full.error_message(), HasSubstr("No space left on device"));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    std::filesystem::remove("/var/lib/cni/filler");
    EXPECT_EQ(add("c2"), "10.1.2.3/29");
}

TEST_F(HostLocalStore, ADiskTooSmallForTheIndexWillDo) {
    output_of({"mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/var/lib/cni"});
    plant("last_reserved_ip.0", "10.1.2.1");
    // Of the four pages two are left: for the index's header and the lease.
    run({.argv = {"dd", "if=/dev/zero", "of=/var/lib/cni/filler", "bs=4k", "count=1"}});
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_FALSE(call("ADD", "c1").ok());
    EXPECT_FALSE(std::filesystem::exists(cat(index_file, ".new")));
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

// Kills a command of c1 at each of its system calls that touch files, every time in the state that
// `prepare` makes, and has DEL clean up.
class HostLocalKilled : public HostLocalStore {
protected:
    template <typename F>
    void kill_everywhere(const std::string& command, const Strings& left, F prepare) {
        config_["ipam"] = ipam({"10.1.2.0/29", "fd00:1::/64"});
        config_["ipam"].update(policy_);
        const auto start_over = [&] {
            output_of({"rm", "-rf", "/var/lib/cni/networks"});
            prepare();
        };
        start_over();
        int kills = 0;
        for (const auto& [name, count] : calls_of(command, "c1", calls)) {
            for (int number = 1; number <= count && !HasFailure(); ++number) {
                start_over();
                const std::string point = cat(name, ":signal=KILL:when=", number);
                SCOPED_TRACE(point);
                const Finished killed = run(traced(
                    {"-e", cat("trace=", name), "-e", cat("inject=", point)}, command, "c1"));
                // How many leases a rebuilt index spares reading depends on the clock's ticks, so
                // a few of the calls are not always made.
                EXPECT_TRUE(killed.ok() || killed.exit_code() == 128 + SIGKILL) << killed.err;
                kills += !killed.ok();
                del("c1");
                EXPECT_EQ(leases(), left);
                const std::string given = add("c1");
                EXPECT_NE(given, "");
                EXPECT_TRUE(back_to_.empty() || given == back_to_) << given;
            }
        }
        EXPECT_GT(kills, 10);
    }
    /// What c1 gets then; "" for anything.
    std::string back_to_;
    /// Further keys of "ipam".
    json policy_ = json::object();
    static constexpr const char* calls =
        "mkdir,mkdirat,openat,flock,ftruncate,write,pwrite64,linkat,renameat,unlinkat,utimensat";
};

TEST_F(HostLocalKilled, AFirstAddIsUndoneByDel) {
    kill_everywhere("ADD", {}, [] {});
}

TEST_F(HostLocalKilled, AnAddAmongOthersIsUndoneByDel) {
    kill_everywhere("ADD", {"10.1.2.2", "fd00:1::2"}, [&] { add("before"); });
}

TEST_F(HostLocalKilled, AnAddInAChangedDirectoryIsUndoneByDel) {
    kill_everywhere("ADD", {"10.1.2.2", "10.1.2.6", "fd00:1::2"}, [&] {
        add("before");
        plant("10.1.2.6", "other\r\neth0");
    });
}

// With all that is remembered. Container c1 comes back to its addresses, whatever was killed.
class HostLocalKilledPolicy : public HostLocalKilled {
protected:
    void SetUp() override {
        HostLocalKilled::SetUp();
        policy_ = json::parse(R"({"exclude": ["10.1.2.3"], "sticky": "containerID",
                                  "reserve": [{"address": "10.1.2.6", "pod": "ns/db-0"}],
                                  "cooldown": 3600, "strategy": "lowest"})");
    }
};

TEST_F(HostLocalKilledPolicy, AFirstAddIsUndoneByDel) {
    kill_everywhere("ADD", {}, [] {});
}

TEST_F(HostLocalKilledPolicy, AnAddAmongOthersIsUndoneByDel) {
    kill_everywhere("ADD", {"10.1.2.2", "fd00:1::2"}, [&] { add("before"); });
}

TEST_F(HostLocalKilledPolicy, AReturnIsUndoneByDel) {
    back_to_ = "10.1.2.4/29 fd00:1::3/64";
    kill_everywhere("ADD", {"10.1.2.2", "fd00:1::2"}, [&] {
        add("before");
        add("c1");
        del("c1");
    });
}

TEST_F(HostLocalKilledPolicy, ADelIsFinishedByTheNextAndRememberedOnce) {
    back_to_ = "10.1.2.4/29 fd00:1::3/64";
    kill_everywhere("DEL", {"10.1.2.2", "fd00:1::2"}, [&] {
        add("before");
        add("c1");
    });
}

// What DEL gives back rests, whenever it was killed.
TEST_F(HostLocalKilledPolicy, NobodyElseGetsWhatDelWasGivingBack) {
    policy_.erase("sticky");
    back_to_ = "10.1.2.5/29 fd00:1::4/64";
    kill_everywhere("DEL", {"10.1.2.2", "fd00:1::2"}, [&] {
        add("before");
        add("c1");
    });
}

TEST_F(HostLocalKilled, ADelIsFinishedByTheNext) {
    kill_everywhere("DEL", {"10.1.2.2", "fd00:1::2"}, [&] {
        add("before");
        add("c1");
    });
}

}  // namespace
}  // namespace cni::test
