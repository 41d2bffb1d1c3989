#include "sys/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace cni {
namespace {

constexpr std::size_t max_output = 16u << 20;

// Numbered 3 or more, so that putting them on 0, 1 and 2 in the child overwrites none of them.
Fd memory_file(const char* name, const std::string& program) {
    const Fd low(check(::memfd_create(name, MFD_CLOEXEC), "make the ", name, " of ", program));
    return Fd(check(::fcntl(low.get(), F_DUPFD_CLOEXEC, 3), "move the ", name, " of ", program));
}

void rewind(const Fd& file, std::string_view what) {
    check(::lseek(file.get(), 0, SEEK_SET), "rewind ", what);
}

std::string content(const Fd& file, std::string_view what) {
    rewind(file, what);
    return read_all(file.get(), max_output, what);
}

struct Stdio {
    int input, output, diagnostics;
};

// Runs between vfork and exec, in this process's memory: system calls only. Returns the errno.
int become(char* const* argv, char* const* environment, const Stdio& stdio, pid_t parent) {
    // PR_SET_PDEATHSIG survives exec; the parent may have died before it was set.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return errno;
    if (::getppid() != parent) return ECHILD;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (::dup2(stdio.input, 0) < 0 || ::dup2(stdio.output, 1) < 0 ||
        ::dup2(stdio.diagnostics, 2) < 0)
        return errno;
    // What the runtime leaked to us stops here.
    ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    ::execve(argv[0], argv, environment);
    return errno;
}

// As execve wants them; valid as long as the strings are.
std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
}

}  // namespace

std::string Exit::reason() const {
    if (WIFSIGNALED(status)) {
        const char* name = ::sigdescr_np(WTERMSIG(status));
        return cat("signal: ", name ? name : "unknown");
    }
    return cat("exit status ", WEXITSTATUS(status));
}

Child::Child(std::string program, pid_t pid, Fd output, Fd diagnostics)
    : program_(std::move(program)),
      pid_(pid),
      output_(std::move(output)),
      diagnostics_(std::move(diagnostics)) {}

Child::Child(Child&& other) noexcept
    : program_(std::move(other.program_)),
      pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      diagnostics_(std::move(other.diagnostics_)) {}

Child::~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Child Child::spawn(const std::vector<std::string>& argv,
                   const std::vector<std::string>& environment, std::string_view input) {
    const std::string& program = argv[0];
    const Fd in = memory_file("stdin", program);
    Fd out = memory_file("stdout", program), err = memory_file("stderr", program);
    const std::string what = cat("the stdin of ", program);
    write_all(in.get(), input, what);
    rewind(in, what);

    const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
    const Stdio stdio{in.get(), out.get(), err.get()};
    const pid_t self = ::getpid();
    // Ignored by who started us, it would leave no exit status to wait for.
    ::signal(SIGCHLD, SIG_DFL);
    // Written by the child, in the memory it shares until it has executed the program.
    volatile int failure = 0;
    const pid_t pid = ::vfork();
    if (pid == 0) {
        failure = become(arguments.data(), variables.data(), stdio, self);
        ::_exit(127);
    }
    check(pid, "start ", program);
    Child child(program, pid, std::move(out), std::move(err));
    if (failure != 0) throw SysError(cat("execute ", program), failure);
    return child;
}

Exit Child::wait() {
    Exit result;
    pid_t rc;
    do rc = ::waitpid(pid_, &result.status, 0);
    while (rc < 0 && errno == EINTR);
    check(rc, "wait for ", program_);
    pid_ = -1;
    result.output = content(output_, cat("the output of ", program_));
    result.diagnostics = content(diagnostics_, cat("the stderr of ", program_));
    return result;
}

}  // namespace cni
