#include "support/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

struct Streams {
    Fd in, out, err;

    explicit Streams(const std::string& input)
        : in(memory_file()), out(memory_file()), err(memory_file()) {
        write_all(in.get(), input, "a program's input");
        check(::lseek(in.get(), 0, SEEK_SET), "rewind a program's input");
    }
    static Fd memory_file() {
        return Fd(check(::memfd_create("stream", MFD_CLOEXEC), "make a memory file"));
    }
    static std::string content(const Fd& file) {
        check(::lseek(file.get(), 0, SEEK_SET), "rewind a program's output");
        return read_all(file.get(), std::size_t{1} << 24, "a program's output");
    }
};

[[noreturn]] void become_traced(const Program& program, const Streams& streams) {
    std::vector<char*> argv, environment;
    for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& entry : program.environment)
        environment.push_back(const_cast<char*>(entry.c_str()));
    argv.push_back(nullptr);
    environment.push_back(nullptr);
    ::dup2(streams.in.get(), 0);
    ::dup2(streams.out.get(), 1);
    ::dup2(streams.err.get(), 2);
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::execvpe(argv[0], argv.data(), environment.data());
    ::_exit(127);
}

// With PTRACE_O_TRACESYSGOOD.
bool is_system_call(int status) {
    return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

bool is_entry(pid_t pid) {
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

#if defined(__x86_64__)
template <typename F>
long change_registers(pid_t pid, F&& change) {
    user_regs_struct registers{};
    check(::ptrace(PTRACE_GETREGS, pid, nullptr, &registers), "read registers");
    const long system_call = static_cast<long>(registers.orig_rax);
    change(registers);
    check(::ptrace(PTRACE_SETREGS, pid, nullptr, &registers), "change registers");
    return system_call;
}

/// At its entry; returns which call it would have been.
long skip_call(pid_t pid, bool skip) {
    return change_registers(pid, [&](user_regs_struct& r) {
        if (skip) r.orig_rax = static_cast<unsigned long long>(-1);
    });
}

/// At its exit.
void set_result(pid_t pid, long result) {
    change_registers(pid,
                     [&](user_regs_struct& r) { r.rax = static_cast<unsigned long long>(result); });
}
#else
#error "where this processor keeps the number and the result of a system call is not known here"
#endif

// New processes begin with SIGSTOP; events are shown as SIGTRAP. Other signals are the program's.
int signal_to_pass(int status) {
    const int number = WSTOPSIG(status);
    return number == SIGSTOP || number == SIGTRAP || is_system_call(status) ? 0 : number;
}

pid_t start_traced(const Program& program, const Streams& streams) {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_traced(program, streams);
    check(::waitpid(pid, nullptr, 0), "wait for ", program.argv[0]);
    check(::ptrace(PTRACE_SETOPTIONS, pid, nullptr,
                   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
                       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE),
          "trace ", program.argv[0]);
    check(::ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr), "continue ", program.argv[0]);
    return pid;
}

class Injection {
public:
    Injection(pid_t root, const Fault& fault) : root_(root), fault_(fault) {}

    void on_stop(pid_t pid, int status) {
        if (status >> 16 == PTRACE_EVENT_EXEC) executed_ = true;
        // What is called before the program has begun is this library's.
        if (!executed_ || !is_system_call(status)) return;
        if (!is_entry(pid)) return on_exit(pid);
        if (++count_ == fault_.number) on_call(pid);
    }
    long system_call() const { return system_call_; }

private:
    void on_call(pid_t pid) {
        system_call_ = skip_call(pid, fault_.kind == Fault::Kind::fail);
        if (fault_.kind == Fault::Kind::fail)
            failing_ = pid;
        else
            ::kill(fault_.kind == Fault::Kind::kill_program ? root_ : pid, SIGKILL);
    }
    void on_exit(pid_t pid) {
        if (pid == failing_) set_result(pid, -fault_.error);
        if (pid == failing_) failing_ = -1;
    }

    const pid_t root_;
    const Fault fault_;
    bool executed_ = false;
    int count_ = 0;
    pid_t failing_ = -1;
    long system_call_ = -1;
};

}  // namespace

Injured run_with_fault(const Program& program, const Fault& fault) {
    const Streams streams(program.input);
    const pid_t root = start_traced(program, streams);
    Injection injection(root, fault);
    Injured injured;
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == root) injured.finished.status = status;
            continue;
        }
        injection.on_stop(pid, status);
        ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal_to_pass(status));
    }
    injured.system_call = injection.system_call();
    injured.reached = injured.system_call >= 0;
    injured.finished.out = Streams::content(streams.out);
    injured.finished.err = Streams::content(streams.err);
    return injured;
}

}  // namespace cni::test
