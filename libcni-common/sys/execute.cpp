#include "sys/execute.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

namespace cni {
namespace {

struct Start {
    char* const* argv;
    char* const* environment;
    Stdio stdio;
    pid_t parent;
};

// Runs between vfork and exec, in this process's memory: system calls only. Returns the errno.
int become(const Start& start) {
    // PR_SET_PDEATHSIG survives exec; the parent may have died before it was set.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return errno;
    if (::getppid() != start.parent) return ECHILD;
    ::setpgid(0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int ignored_here : {SIGPIPE, SIGXFSZ}) ::signal(ignored_here, SIG_DFL);
    if (::dup2(start.stdio.input, 0) < 0 || ::dup2(start.stdio.output, 1) < 0 ||
        ::dup2(start.stdio.diagnostics, 2) < 0)
        return errno;
    // What the runtime leaked to us stops here.
    ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    if (start.stdio.inherited >= 0 && ::fcntl(start.stdio.inherited, F_SETFD, 0) < 0) return errno;
    ::execve(start.argv[0], start.argv, start.environment);
    return errno;
}

struct Started {
    pid_t pid;
    int failure;  ///< the errno that kept it from executing the program
};

Started start_by_vfork(const Start& start) {
    // Written by the child, in the memory it shares until it has executed the program.
    volatile int failure = 0;
    const pid_t pid = ::vfork();
    if (pid == 0) {
        failure = become(start);
        ::_exit(127);
    }
    return {pid, failure};
}

// Where a filter of system calls does not know vfork. The child has its own memory, so it tells by
// a pipe, which the program does not get.
Started start_by_fork(const Start& start, const std::string& program) {
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "make a pipe for ", program);
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    const pid_t pid = checked(::fork(), "start ", program);
    if (pid == 0) {
        const int failure = become(start);
        [[maybe_unused]] const auto told = ::write(writer.get(), &failure, sizeof failure);
        ::_exit(127);
    }
    writer.reset();
    int failure = 0;
    ssize_t n;
    do n = ::read(reader.get(), &failure, sizeof failure);
    while (n < 0 && errno == EINTR);
    return {pid, n == sizeof failure ? failure : 0};
}

// As execve wants them; valid as long as the strings are.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
}

}  // namespace

pid_t execute(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
              const Stdio& stdio) {
    const std::string& program = argv[0];
    const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
    const Start start{arguments.data(), variables.data(), stdio, ::getpid()};
    Started started = start_by_vfork(start);
    if (started.pid < 0 && (errno == EPERM || errno == ENOSYS))
        started = start_by_fork(start, program);
    checked(started.pid, "start ", program);
    if (started.failure == 0) return started.pid;
    while (::waitpid(started.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw SysError(cat("execute ", program), started.failure);
}

}  // namespace cni
