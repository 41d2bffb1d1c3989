// Plugins that print or run without end, what they leave running, and system calls that are refused
// to who starts them.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "plugins/suite/delegation_fixture.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DelegationLimits : public Delegation {
protected:
    /// The exit status of `body` in a process to which a system call is refused.
    static int status_without(long call, int error, const std::function<bool()>& body) {
        const pid_t child = checked(::fork(), "fork");
        if (child == 0) {
            refusing(call, error)();
            ::_exit(body() ? 0 : 1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return status;
    }
};

// It would write for ever.
TEST_F(DelegationLimits, OutputIsLimitedWhileItIsWritten) {
    for (const char* stream : {"", " >&2"}) {
        fake(cat("exec yes", stream));
        EXPECT_THAT(add_error().msg, HasSubstr("/run/a/fake is larger than 16777216 bytes"));
        EXPECT_EQ(add_error().code, Code::io_failure);
    }
}

TEST_F(DelegationLimits, AProgramNeedNotReadItsInput) {
    fake(cat("exec <&-; echo '", one_address, "'"));
    EXPECT_EQ(add(request(cat(config, std::string(2000000, ' ')))).ips.size(), 1u);
}

TEST_F(DelegationLimits, WhatAPluginLeavesRunningIsNotWaitedFor) {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    output_of({"mkfifo", "/run/pid"});
    fake(cat("sleep 100 & echo $! >/run/pid & echo '", one_address, "'"));
    const Request r = request();
    Ipam ipam(r);
    Ipam::Allocation allocation = ipam.start_add();
    const pid_t left = announced_pid();
    EXPECT_EQ(allocation.finish().ips.size(), 1u);
    EXPECT_EQ(::kill(left, SIGKILL), 0);
    while (::waitpid(left, nullptr, 0) < 0 && errno == EINTR) {
    }
}

TEST_F(DelegationLimits, APluginThatTakesTooLongIsKilledWithWhatItStarted) {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    output_of({"mkfifo", "/run/pid"});
    fake("sleep 100 & echo $! >/run/pid; wait");
    pid_t started = 0;
    const Error error = thrown([&] {
        PluginCall call({"/run/a/fake", {"PATH=/usr/bin:/bin"}, "fake", std::chrono::seconds(0)});
        started = announced_pid();
        call.finish();
    });
    EXPECT_EQ(error.msg, "/run/a/fake did not end within 0 seconds");
    EXPECT_EQ(error.code, Code::internal);
    int status = 0;
    EXPECT_EQ(::waitpid(started, &status, 0), started);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

// As filters do it that are older than a call.
TEST_F(DelegationLimits, PluginsAreFoundAndExecutedWhereCallsAreRefused) {
    fake(cat("echo '", one_address, "'"));  // the shell does that itself
    for (const long call : {SYS_faccessat2, SYS_clone, SYS_memfd_create, SYS_close_range})
        EXPECT_EQ(status_without(call, EPERM, [] { return attempt_add().empty(); }), 0) << call;
}

// EINVAL: Linux before 5.11 knows the call, and not that flag.
TEST_F(DelegationLimits, DescriptorsAreNotInheritedWithoutCloseRangeEither) {
    fake(cat("ls -l /proc/$$/fd >/run/fds; echo '", one_address, "'"));
    output_of({"touch", "/run/secret"});
    std::vector<Fd> leaked;
    for (int i = 0; i < 200; ++i)
        leaked.emplace_back(checked(::open("/run/secret", O_RDONLY), "open /run/secret"));
    for (const int error : {EPERM, ENOSYS, EINVAL}) {
        EXPECT_EQ(status_without(SYS_close_range, error, [] { return attempt_add().empty(); }), 0);
        EXPECT_THAT(content_of("/run/fds"), AllOf(HasSubstr("pipe:"), Not(HasSubstr("secret"))));
    }
}

TEST_F(DelegationLimits, WhatCannotBeExecutedIsNamedWithoutCloneToo) {
    output_of({"sh", "-c", "echo '#!/run/none' >/run/a/fake; chmod 755 /run/a/fake"});
    EXPECT_EQ(status_without(
                  SYS_clone, ENOSYS,
                  [] { return attempt_add() == "execute /run/a/fake: No such file or directory"; }),
              0);
}

TEST_F(DelegationLimits, ADescriptorIsInheritedOnDemand) {
    output_of({"sh", "-c", "printf 'by the parent' >/run/kept"});
    const Fd kept = open_at(AT_FDCWD, "/run/kept", O_RDONLY, 0, "/run/kept");
    fake(cat("cat <&", kept.get()));
    Child child =
        Child::spawn({"/run/a/fake"}, {"PATH=/usr/bin:/bin"}, {.time = ipam_time}, kept.get());
    EXPECT_EQ(child.wait().output, "by the parent");
}

}  // namespace
}  // namespace cni::test
