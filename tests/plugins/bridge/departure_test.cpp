// DEL ends when all it did can be seen, and leaves to another process what the kernel does after
// that. Nobody waits for that one, and nothing is lost where there is none.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <list>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "netfilter/closing.h"
#include "support/bridge_fixture.h"
#include "support/crowd.h"
#include "support/held_calls.h"
#include "support/orphans.h"
#include "support/refusal.h"
#include "support/traces.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

// That of the sanitizers works in a process of its own.
constexpr const char* without_leak_checker = "ASAN_OPTIONS=detect_leaks=0";

class BridgeDeparture : public BridgeTest {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        if (std::getenv("CNI_AWAIT_KERNEL")) GTEST_SKIP() << "CNI_AWAIT_KERNEL is set";
        // One is seen to be waited for, and what stays of a network once it was used is there.
        const TestNetns c("earlier");
        add(c, full());
        del(c, full());
        await_orphans();
        before_ = host_traces();
    }

    static json full(const json& keys = json::object()) {
        json config = layer3({{"cniVersion", "1.1.0"}, {"ipMasq", true}, {"macspoofchk", true}});
        config.merge_patch(keys);
        return config;
    }
    static PluginArgs args(const TestNetns& c, const std::string& awaits_kernel = "0") {
        PluginArgs args = BridgeTest::args(c);
        args.environment = {cat("CNI_AWAIT_KERNEL=", awaits_kernel)};
        return args;
    }
    static Program del_program(const TestNetns& c, const std::string& awaits_kernel = "0") {
        return plugin_program("bridge", "DEL", args(c, awaits_kernel), full().dump());
    }
    static void del(const TestNetns& c, const json& config) {
        const PluginRun run = call("DEL", args(c), config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    /// What a call of the plugin leaves behind: it gets no further than where the kernel has
    /// answered and it makes a session of its own, while the object lives.
    class HeldOrphan {
    public:
        explicit HeldOrphan(Program program) {
            program.prepare = [first = std::move(program.prepare), hold = calls_.prepare()] {
                if (first) first();
                hold();
            };
            const Finished finished = run(program);
            EXPECT_TRUE(finished.ok()) << finished.out;
            const auto caller = calls_.next();
            if (!caller) throw Error(Code::internal, "no orphan was left");
            pid_ = caller->pid;
        }
        pid_t pid() const { return pid_; }

    private:
        HeldCalls calls_{SYS_setsid};
        pid_t pid_ = -1;
    };

    void expect_nothing_left() const { EXPECT_EQ(difference(before_, host_traces()), ""); }

    Traces before_;
};

TEST_F(BridgeDeparture, NothingIsLeftWhenDelEnds) {
    const TestNetns c("c1");
    const Traces container = container_traces(c);
    add(c, full());
    del(c, full());
    EXPECT_EQ(difference(container, container_traces(c)), "");
    expect_nothing_left();
}

TEST_F(BridgeDeparture, TheSameNamesAreFreeAtOnce) {
    const TestNetns c("c1");
    const char* const text = std::getenv("CNIXX_ROUNDS");
    const int rounds = text ? parse_int<int>(text).value() : is_sanitized() ? 10 : 50;
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        add(c, full());
        EXPECT_EQ(addresses(c).size(), 2u);
        del(c, full());
        EXPECT_TRUE(link(c, "eth0").is_null()) << round;
        EXPECT_TRUE(leases().empty()) << round;
    }
    expect_nothing_left();
}

TEST_F(BridgeDeparture, ManyLeaveAtOnce) {
    std::list<TestNetns> containers;
    Crowd crowd(16);
    for (int i = 0; i < 48; ++i) {
        const TestNetns& c = containers.emplace_back(cat("c", i));
        add(c, full());
        crowd.add(del_program(c), [](const Finished& f) { EXPECT_TRUE(f.ok()) << f.out; });
    }
    crowd.run([] {});
    expect_nothing_left();
}

// Its standard output, and a descriptor that the runtime leaked.
TEST_F(BridgeDeparture, WhoReadsToTheEndDoesNotWait) {
    const TestNetns c("c1");
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "make a pipe");
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    Program program = del_program(c);
    program.prepare = [fd = writer.get()] {
        for (const int number : {1, 2, 9}) ::dup2(fd, number);
    };
    add(c, full());
    const HeldOrphan orphan(program);
    writer.reset();
    pollfd end{reader.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 10'000), 1) << "somebody else can still write";
}

TEST_F(BridgeDeparture, ItHasOneSocketAndNoPlace) {
    const TestNetns c("c1");
    add(c, full());
    const HeldOrphan orphan(del_program(c));
    const std::string proc = cat("/proc/", orphan.pid()), fds = cat(proc, "/fd");
    // That of links goes when the kernel has answered.
    EXPECT_EQ(list_dir(open_at(AT_FDCWD, fds.c_str(), O_RDONLY, 0, fds), fds).size(), 1u);
    EXPECT_EQ(std::filesystem::read_symlink(cat(proc, "/cwd")), "/");
}

TEST_F(BridgeDeparture, ItEndsInASessionOfItsOwn) {
    const TestNetns c("c1");
    add(c, full());
    HeldCalls ends{SYS_exit_group};
    Program program = del_program(c);
    program.prepare = ends.prepare();
    Process del = Process::start(program);
    bool is_seen = false;
    while (!is_seen) {
        const auto caller = ends.next();
        ASSERT_TRUE(caller) << "none was left";
        const std::string name = cat("/proc/", caller->pid, "/comm");
        is_seen = read_file(name, 64) == "cnixx-orphan\n";
        if (is_seen) {
            EXPECT_EQ(::getsid(caller->pid), caller->pid);
        }
        ends.let_go(*caller);
    }
    // It may have ended before the plugin did.
    const auto has_ended = [&] {
        siginfo_t end{};
        ::waitid(P_PID, static_cast<id_t>(del.pid()), &end, WEXITED | WNOHANG | WNOWAIT);
        return end.si_pid != 0;
    };
    while (!has_ended())
        if (const auto caller = ends.next(std::chrono::milliseconds(100))) ends.let_go(*caller);
    EXPECT_TRUE(del.wait().ok());
}

TEST_F(BridgeDeparture, TheNextCallDoesNotWaitForIt) {
    const TestNetns c("c1");
    {
        add(c, full());
        const HeldOrphan orphan(del_program(c));
        add(c, full());
        del(c, full());
        expect_nothing_left();
    }
    await_orphans();
    expect_nothing_left();
}

TEST_F(BridgeDeparture, WhereNobodyWaitsForOrphansThereIsOne) {
    const TestNetns c("c1");
    const NoReaper no_reaper;
    add(c, full());
    // One that ends before the plugin does is not left behind.
    { const HeldOrphan outlives_it(del_program(c)); }
    await_zombies();
    for (int i = 0; i < 10; ++i) {
        add(c, full());
        del(c, full());
        expect_nothing_left();
    }
    EXPECT_EQ(orphans().size(), 1u);
}

// A limit of processes that is reached.
TEST_F(BridgeDeparture, WithoutAProcessTheKernelIsAwaited) {
    const TestNetns c("c1");
    add(c, full());
    await_orphans();
    Program program = del_program(c);
    program.prepare = refusing(SYS_clone, EAGAIN);
    program.environment.push_back(without_leak_checker);
    const Finished finished = run(program);
    EXPECT_TRUE(finished.ok()) << finished.out;
    EXPECT_EQ(orphans().size(), 0u);
    expect_nothing_left();
}

/// A control group of few processes.
class FewProcesses {
public:
    explicit FewProcesses(const std::string& most) {
        // Of the first version, or of the second.
        for (const std::string root : {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"}) {
            path_ = cat(root, "/cnixx-test-", ::getpid());
            if (::mkdir(path_.c_str(), 0755) < 0) continue;
            const Fd limit(::open(cat(path_, "/pids.max").c_str(), O_WRONLY | O_CLOEXEC));
            members_ = Fd(::open(cat(path_, "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
            if (limit && members_ &&
                ::write(limit.get(), most.data(), most.size()) == static_cast<ssize_t>(most.size()))
                return;
            members_.reset();
            ::rmdir(path_.c_str());
        }
    }
    FewProcesses(const FewProcesses&) = delete;
    FewProcesses& operator=(const FewProcesses&) = delete;
    ~FewProcesses() {
        if (members_) ::rmdir(path_.c_str());
    }
    bool exists() const { return bool(members_); }
    /// For Program::prepare.
    std::function<void()> enter() const {
        return [fd = members_.get()] {
            if (::write(fd, "0", 1) != 1) ::_exit(126);
        };
    }
    bool was_full() const {
        return read_file(cat(path_, "/pids.events"), 4096).value_or("max 0\n") != "max 0\n";
    }

private:
    std::string path_;
    Fd members_;
};

TEST_F(BridgeDeparture, WhereThereIsRoomForOneProcessBesideThePluginTheyTakeTurns) {
    const FewProcesses group("2");
    if (!group.exists()) GTEST_SKIP() << "no control group that limits processes can be made";
    const TestNetns c("c1");
    add(c, full());
    await_orphans();
    Program program = del_program(c);
    program.prepare = group.enter();
    program.environment.push_back(without_leak_checker);
    const Finished finished = run(program);
    EXPECT_TRUE(finished.ok()) << finished.out;
    EXPECT_TRUE(group.was_full());
    expect_nothing_left();
    await_orphans();
}

TEST_F(BridgeDeparture, IsSwitchedOffByTheEnvironment) {
    const TestNetns c("c1");
    for (const char* wish : {"1", "true"}) {
        add(c, full());
        await_orphans();
        const Finished finished = run(del_program(c, wish));
        EXPECT_TRUE(finished.ok()) << finished.out;
        EXPECT_EQ(orphans().size(), 0u) << wish;
        expect_nothing_left();
    }
    add(c, full());
    const HeldOrphan orphan(del_program(c, "0"));
}

TEST_F(BridgeDeparture, ARefusalReachesTheCaller) {
    const TestNetns c("c1");
    const std::string port = port_of(add(c, full()));
    std::string answers[2];
    for (const int awaits : {0, 1}) {
        Program program = del_program(c, cat(awaits));
        program.prepare = [] { ::prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN, 0, 0, 0); };
        const Finished finished = run(program);
        EXPECT_EQ(finished.exit_code(), 1);
        answers[awaits] = finished.out;
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_THAT(answers[0], HasSubstr(cat("delete link ", port, ": Operation not permitted")));
    EXPECT_EQ(leases().size(), 2u) << "an interface still bears them";
    del(c, full());
    expect_nothing_left();
}

TEST_F(BridgeDeparture, GcRemovesAllLinks) {
    std::list<TestNetns> containers;
    for (int i = 0; i < 5; ++i) add(containers.emplace_back(cat("c", i)), full());
    PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    none.environment = {"CNI_AWAIT_KERNEL=0"};
    const PluginRun run = call("GC", none, full({{"cni.dev/valid-attachments", json::array()}}));
    EXPECT_TRUE(run.ok()) << run.report();
    expect_nothing_left();
    for (const TestNetns& c : containers) EXPECT_TRUE(link(c, "eth0").is_null());
}

/// Somebody deletes from nf_tables all the time, as it looks to others.
class Deletions {
public:
    Deletions()
        : thread_([this] {
              for (; !is_over_; std::this_thread::sleep_for(std::chrono::milliseconds(2)))
                  nft::note_deletion();
          }) {}
    Deletions(const Deletions&) = delete;
    Deletions& operator=(const Deletions&) = delete;
    ~Deletions() {
        is_over_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

// The kernel makes whoever closes a socket of netfilter wait for what others have deleted.
TEST_F(BridgeDeparture, AddLeavesTheClosingBehindADeletion) {
    const TestNetns c("c1");
    {
        const Deletions deletions;
        const HeldOrphan orphan(plugin_program("bridge", "ADD", args(c), full().dump()));
    }
    del(c, full());
    await_orphans();
    // And only then.
    timespec long_ago[2] = {{1, 0}, {1, 0}};
    ::utimensat(AT_FDCWD, "/run/cnixx.nftables", long_ago, 0);
    EXPECT_TRUE(call("ADD", args(c), full()).ok());
    EXPECT_EQ(orphans().size(), 0u);
}

}  // namespace
}  // namespace cni::test
