// A process that is left behind: what it has of its maker, and how many there may be.
#include "sys/orphan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "support/orphans.h"
#include "support/sandbox.h"
#include "sys/raw_call.h"

namespace cni::test {
namespace {

constexpr const char* record = "/run/cnixx.orphan";

struct Pipe {
    Pipe() {
        int ends[2];
        checked(::pipe2(ends, O_CLOEXEC), "make a pipe");
        reader = Fd(ends[0]);
        writer = Fd(ends[1]);
    }
    /// Until nobody can write any more.
    auto wait() const {
        return [fd = reader.get()] {
            char byte;
            while (raw_call(SYS_read, fd, &byte, 1) > 0) {
            }
        };
    }
    std::string rest() {
        writer.reset();
        return read_all(reader.get(), 1u << 16, "a pipe");
    }
    Fd reader, writer;
};

/// The test process is what inherits them, and never waits unless a test does.
class Orphans : public SandboxTest {
protected:
    /// Of a process that ends at once, as a plugin does. Returns whether it left one.
    template <typename Work>
    static bool leave(const std::vector<int>& kept, const Work& work) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) {
            const bool left = Orphan::leave(
                                  kept, [] {}, work)
                                  .has_value();
            ::_exit(left ? 0 : 1);
        }
        int status = 0;
        checked(::waitpid(pid, &status, 0), "wait");
        return status == 0;
    }
    // It outlives who left it, who would have waited for it otherwise.
    static bool leave() {
        const Pipe gate;
        return leave({gate.reader.get()}, gate.wait());
    }
    const NoReaper no_reaper_;
};

TEST_F(Orphans, HaveNothingButWhatTheyAreGiven) {
    Pipe given, others, gate;
    ASSERT_EQ(::chdir("/run"), 0);
    ASSERT_TRUE(leave({given.writer.get(), gate.reader.get()},
                      [writer = given.writer.get(), wait = gate.wait()] {
                          char here[256] = {};
                          const long size = raw_call(SYS_getcwd, here, sizeof here);
                          raw_call(SYS_write, writer, here, size - 1);
                          if (raw_call(SYS_getsid, 0) == raw_call(SYS_getpid))
                              raw_call(SYS_write, writer, " leader", 7);
                          raw_call(SYS_close, writer);
                          wait();
                      }));
    EXPECT_EQ(given.rest(), "/ leader");
    // It is still there, and not at the end of this one.
    EXPECT_EQ(others.rest(), "");
    const std::string fds = cat("/proc/", orphans().front(), "/fd");
    EXPECT_EQ(list_dir(open_at(AT_FDCWD, fds.c_str(), O_RDONLY, 0, fds), fds),
              std::vector<std::string>{cat(gate.reader.get())});
    gate.writer.reset();
    await_orphans();
}

TEST_F(Orphans, TheirEndIsSeen) {
    Pipe gate;
    const auto orphan = Orphan::leave(
        {gate.reader.get()}, [] {}, gate.wait());
    ASSERT_TRUE(orphan);
    pollfd end{orphan->end(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 0), 0);
    gate.writer.reset();
    EXPECT_EQ(::poll(&end, 1, -1), 1);
}

TEST_F(Orphans, AReaperThatNeverWaitsGetsOne) {
    EXPECT_TRUE(leave());
    await_zombies();
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(leave());
    EXPECT_EQ(orphans().size(), 1u);
    await_orphans();
}

TEST_F(Orphans, UntilOneHasBeenWaitedForThereIsOneAtATime) {
    Pipe gate;
    ASSERT_TRUE(leave({gate.reader.get()}, gate.wait()));
    EXPECT_FALSE(leave());
    gate.writer.reset();
    await_orphans();

    Pipe second;
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(leave({second.reader.get()}, second.wait()));
    second.writer.reset();
    await_zombies();
    EXPECT_FALSE(leave());
    EXPECT_EQ(orphans().size(), 20u);
    await_orphans();
    EXPECT_TRUE(leave());
    await_orphans();
}

// The number of an orphan that is gone is given to somebody else in time.
TEST_F(Orphans, AnotherProcessOfThatNumberIsNone) {
    const Fd file = open_at(AT_FDCWD, record, O_WRONLY | O_CREAT, 0600, record);
    ASSERT_TRUE(leave());
    await_zombies();
    // Its line, of one that has begun at another time.
    const std::string line = *read_file(record, 1024);
    auto words = split(line, ' ');
    words[1] = "1";
    write_all(file.get(), join(words, " "), record);
    EXPECT_TRUE(leave());
    await_orphans();
}

TEST_F(Orphans, WhatIsNoRecordIsNoProof) {
    // The last one is an earlier version's, which does not say where the number is of.
    for (const std::string text : {"", "nonsense", "1 2", "-1 x 1 2 3", "4194303 1 1"}) {
        const Fd file = open_at(AT_FDCWD, record, O_WRONLY | O_CREAT | O_TRUNC, 0600, record);
        write_all(file.get(), text, record);
        Pipe gate;
        ASSERT_TRUE(leave({gate.reader.get()}, gate.wait())) << text;
        EXPECT_FALSE(leave()) << text;
        gate.writer.reset();
        await_orphans();
    }
}

/// What happens to a PID namespace of its own that shares /run, in its process 1, which waits for
/// none that it has not started. Returns what `body` does.
int in_another_place(const std::function<int()>& body) {
    const auto be_first = [&] {
        if (::mount("proc", "/proc", "proc", 0, nullptr) < 0) ::_exit(100);
        ::_exit(body());
    };
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) {
        int status = 0;
        if (::unshare(CLONE_NEWNS | CLONE_NEWPID) < 0) ::_exit(100);
        const pid_t first = ::fork();
        if (first == 0) be_first();
        const bool has_ended = first > 0 && ::waitpid(first, &status, 0) == first;
        ::_exit(has_ended && WIFEXITED(status) ? WEXITSTATUS(status) : 101);
    }
    int status = 0;
    checked(::waitpid(pid, &status, 0), "wait");
    return WEXITSTATUS(status);
}

// A container in which a runtime runs may have the host's /run.
TEST_F(Orphans, WhoseProcessesCannotBeSeenProveNothing) {
    ASSERT_TRUE(leave());
    await_zombies();
    const int left = in_another_place([] {
        int count = 0;
        Pipe gate;
        for (int attempt = 0; attempt < 5; ++attempt)
            count += leave({gate.reader.get()}, gate.wait()) ? 1 : 0;
        return count;
    });
    if (left >= 100) GTEST_SKIP() << "there can be no PID namespace with a /proc";
    EXPECT_EQ(left, 1) << "nobody is known to wait";
    EXPECT_FALSE(leave()) << "the zombie here is still there";
    EXPECT_EQ(orphans().size(), 1u);
    await_orphans();
}

TEST_F(Orphans, AreNotLeftWhereTheyCannotBeWatched) {
    ASSERT_EQ(::mkdir(record, 0700), 0);
    EXPECT_FALSE(leave());
    ASSERT_EQ(::rmdir(record), 0);
    // A file that others may open.
    const Fd file = open_at(AT_FDCWD, record, O_WRONLY | O_CREAT, 0600, record);
    ASSERT_EQ(::fchmod(file.get(), 0644), 0);
    EXPECT_FALSE(leave());
}

// At most one of many that begin at one time before anything is known.
TEST_F(Orphans, ManyAtOnceLeaveOne) {
    Pipe gate;
    std::vector<pid_t> plugins;
    for (int i = 0; i < 30; ++i) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) {
            Orphan::leave(
                {gate.reader.get()}, [] {}, gate.wait());
            ::_exit(0);
        }
        plugins.push_back(pid);
    }
    for (const pid_t pid : plugins) checked(::waitpid(pid, nullptr, 0), "wait");
    gate.writer.reset();
    await_zombies();
    EXPECT_EQ(orphans().size(), 1u);
    await_orphans();
}

TEST_F(Orphans, WhatEndsBesideItsMakerIsNotInherited) {
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) {
        const auto orphan = Orphan::leave(
            {}, [] {}, [] {});
        pollfd end{orphan ? orphan->end() : -1, POLLIN, 0};
        ::poll(&end, 1, 10'000);
        // Its destruction waits for it; exit(2) would not.
        const bool ended = end.revents != 0;
        const_cast<std::optional<Orphan>&>(orphan).reset();
        ::_exit(ended ? 0 : 1);
    }
    int status = 0;
    checked(::waitpid(pid, &status, 0), "wait");
    EXPECT_EQ(status, 0);
    EXPECT_EQ(orphans().size(), 0u);
    // It says nothing about who inherits: the next one is alone again.
    EXPECT_EQ(trim(*read_file(record, 1024)), "");
}

}  // namespace
}  // namespace cni::test
