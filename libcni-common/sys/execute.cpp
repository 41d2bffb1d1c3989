#include "sys/execute.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "base/error.h"
#include "sys/raw_call.h"
#include "sys/raw_descriptors.h"

namespace cni {
namespace {

// As execve wants them; valid as long as the strings are.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
}

// Where close_range(2) has no such flag, as before Linux 5.11, or is refused by a filter of system
// calls.
CNIXX_ON_A_STACK_OF_ITS_OWN void inherit_none_of_those_listed() {
    for_each_descriptor([](unsigned fd) {
        if (fd > 2) raw_call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
    });
}

}  // namespace

struct Execution::Start {
    Start(std::vector<std::string> its_argv, std::vector<std::string> its_environment,
          const Stdio& its_stdio)
        : argv(std::move(its_argv)),
          environment(std::move(its_environment)),
          arguments(pointers(argv)),
          variables(pointers(environment)),
          stdio(its_stdio) {}

    const std::vector<std::string> argv, environment;
    const std::vector<char*> arguments, variables;
    const Stdio stdio;
    const pid_t parent = ::getpid();
    volatile int failure = 0;
    alignas(16) std::array<char, 16384> stack;  // not initialized: most of it is never touched

    static int run(void* start);
    pid_t begin();

private:
    long become() const;
};

// In the memory of this process, which goes on meanwhile: raw system calls only. Returns -errno.
CNIXX_ON_A_STACK_OF_ITS_OWN long Execution::Start::become() const {
    // PR_SET_PDEATHSIG survives execve; the parent may have died before it was set.
    if (const long rc = raw_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL); rc < 0) return rc;
    if (raw_call(SYS_getppid) != parent) return -ECHILD;
    raw_call(SYS_setpgid, 0, 0);
    const std::uint64_t none[4] = {};  // a set of signals, and struct sigaction: SIG_DFL
    raw_call(SYS_rt_sigprocmask, SIG_SETMASK, none, 0, sizeof none[0]);
    raw_call(SYS_rt_sigaction, SIGPIPE, none, 0, sizeof none[0]);
    raw_call(SYS_rt_sigaction, SIGXFSZ, none, 0, sizeof none[0]);
    if (const long rc = raw_call(SYS_dup3, stdio.input, 0); rc < 0) return rc;
    if (const long rc = raw_call(SYS_dup3, stdio.output, 1); rc < 0) return rc;
    if (const long rc = raw_call(SYS_dup3, stdio.diagnostics, 2); rc < 0) return rc;
    // What the runtime leaked to us stops here.
    if (raw_call(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) inherit_none_of_those_listed();
    if (stdio.inherited >= 0)
        if (const long rc = raw_call(SYS_fcntl, stdio.inherited, F_SETFD); rc < 0) return rc;
    return raw_call(SYS_execve, arguments[0], arguments.data(), variables.data());
}

CNIXX_ON_A_STACK_OF_ITS_OWN int Execution::Start::run(void* start) {
    auto& self = *static_cast<Start*>(start);
    self.failure = static_cast<int>(-self.become());
    return 127;
}

pid_t Execution::Start::begin() {
    if constexpr (has_raw_calls) {
        const pid_t pid = ::clone(&run, stack.data() + stack.size(), CLONE_VM | SIGCHLD, this);
        // The kernel starts it on this processor, and moves it to an idle one when it executes: it
        // comes to that at once.
        if (pid > 0) ::sched_yield();
        if (pid > 0) return pid;
    }
    // Where a filter of system calls knows clone(2) for threads alone.
    const pid_t pid = ::vfork();
    if (pid == 0) ::_exit(run(this));
    return pid;
}

Execution::Execution(std::vector<std::string> argv, std::vector<std::string> environment,
                     const Stdio& stdio)
    : start_(std::make_unique<Start>(std::move(argv), std::move(environment), stdio)),
      pid_(checked(start_->begin(), "start ", start_->argv[0])) {}

Execution::Execution(Execution&&) noexcept = default;
Execution::~Execution() = default;

int Execution::failure() const {
    return start_->failure;
}

void Execution::abandon() {
    [[maybe_unused]] const Start* kept = start_.release();
}

}  // namespace cni
