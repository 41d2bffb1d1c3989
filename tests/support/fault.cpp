#include "support/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "support/plugin_run.h"
#include "support/traced.h"

namespace cni::test {
namespace {

bool is_entry(pid_t pid) {
    return call_of(pid).op == PTRACE_SYSCALL_INFO_ENTRY;
}

bool can_fail(const __ptrace_syscall_info& call) {
    switch (call.entry.nr) {
        case SYS_exit:
        case SYS_exit_group:
        case SYS_rt_sigreturn:
        case SYS_getpid:
        case SYS_getppid:
        case SYS_geteuid:
        case SYS_arch_prctl:  // as the C library calls it, before the program begins
            return false;
        case SYS_mmap:
        case SYS_munmap:
        case SYS_mprotect:
        case SYS_madvise:
            return !is_sanitized();  // a sanitizer cannot do without
        case SYS_fcntl:
            return call.entry.args[1] != F_SETFD;  // libiptc aborts when it does
        default:
            return true;
    }
}

#if defined(__x86_64__)
template <typename F>
void change_registers(pid_t pid, F&& change) {
    user_regs_struct registers{};
    checked(::ptrace(PTRACE_GETREGS, pid, nullptr, &registers), "read registers");
    change(registers);
    checked(::ptrace(PTRACE_SETREGS, pid, nullptr, &registers), "change registers");
}

/// At its entry.
void skip_call(pid_t pid) {
    change_registers(pid,
                     [](user_regs_struct& r) { r.orig_rax = static_cast<unsigned long long>(-1); });
}

void set_first_argument(pid_t pid, unsigned long long value) {
    change_registers(pid, [&](user_regs_struct& r) { r.rdi = value; });
}

/// At its exit.
void set_result(pid_t pid, long result) {
    change_registers(pid,
                     [&](user_regs_struct& r) { r.rax = static_cast<unsigned long long>(result); });
}
#else
#error "where this processor keeps the number and the result of a system call is not known here"
#endif

pid_t start(const Program& program, const Streams& streams) {
    const pid_t pid =
        start_traced(program, streams,
                     PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
                         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
    checked(::ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr), "continue ", program.argv[0]);
    return pid;
}

/// A minute after its birth waiting begins to fail with EINTR.
class Patience {
public:
    Patience() {
        struct sigaction action {};
        action.sa_handler = [](int) {};  // without SA_RESTART
        ::sigaction(SIGALRM, &action, &former_);
        // Again and again: the first one may come when nothing waits.
        set_timer(
            {.it_interval = {.tv_sec = 1, .tv_usec = 0}, .it_value = {.tv_sec = 60, .tv_usec = 0}});
    }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    ~Patience() {
        set_timer({});
        ::sigaction(SIGALRM, &former_, nullptr);
    }

private:
    static void set_timer(const itimerval& timer) { ::setitimer(ITIMER_REAL, &timer, nullptr); }
    struct sigaction former_ {};
};

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
    bool hung() const { return hung_; }

    void follow(pid_t pid, int status) {
        if (WIFSTOPPED(status))
            running_.insert(pid);
        else
            running_.erase(pid);
    }
    void end_all() {
        hung_ = true;
        for (const pid_t pid : running_) ::kill(pid, SIGKILL);
    }

private:
    void on_call(pid_t pid) {
        const auto call = call_of(pid);
        system_call_ = static_cast<long>(call.entry.nr);
        if (fault_.kind == Fault::Kind::kill_program) ::kill(root_, SIGKILL);
        if (fault_.kind == Fault::Kind::kill_caller) ::kill(pid, SIGKILL);
        if (fault_.kind != Fault::Kind::fail || !can_fail(call)) return;
        failing_ = pid;
        first_argument_ = call.entry.args[0];
        // One that fails answers where the break is, as when asked to put it nowhere.
        if (system_call_ == SYS_brk) return set_first_argument(pid, 0);
        // Whatever close(2) returns, the descriptor is closed.
        if (system_call_ != SYS_close) skip_call(pid);
    }
    void on_exit(pid_t pid) {
        if (pid != failing_) return;
        failing_ = -1;
        if (system_call_ == SYS_brk) return set_first_argument(pid, first_argument_);
        set_result(pid, -fault_.error);
    }

    const pid_t root_;
    const Fault fault_;
    bool executed_ = false;
    int count_ = 0;
    std::set<pid_t> running_;
    bool hung_ = false;
    pid_t failing_ = -1;
    unsigned long long first_argument_ = 0;
    long system_call_ = -1;
};

// To whoever has started this process, which ends.
[[noreturn]] void report(const Program& program, const Fault& fault) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const Injured injured = run_with_fault(program, fault);
    const nlohmann::json told = {
        {"reached", injured.reached},  {"system call", injured.system_call},
        {"hung", injured.hung},        {"status", injured.finished.status},
        {"out", injured.finished.out}, {"err", injured.finished.err}};
    constexpr auto replace = nlohmann::json::error_handler_t::replace;
    write_all(1, told.dump(-1, ' ', false, replace), "stdout");
    ::_exit(0);
}

}  // namespace

int number_from(const char* variable, int fallback) {
    const char* text = std::getenv(variable);
    return text ? parse_int<int>(text).value_or(fallback) : fallback;
}

int fault_spread() {
    return is_sanitized() ? 10 : 1;
}

FaultSample::FaultSample(int usual_step)
    : step(number_from("CNIXX_FAULT_STEP", usual_step * fault_spread())),
      first(1 + number_from("CNIXX_FAULT_SEED", 0) % step),
      turn(number_from("CNIXX_FAULT_SEED", 0) / step),
      goes_on(std::getenv("CNIXX_FAULT_GO_ON") != nullptr) {}

std::string to_string(Fault::Kind kind) {
    switch (kind) {
        case Fault::Kind::kill_program:
            return "kill_program";
        case Fault::Kind::kill_caller:
            return "kill_caller";
        case Fault::Kind::fail:
            return "fail";
    }
    return {};
}

std::string describe(const Fault& fault, const Injured& injured) {
    constexpr int far = 1'000'000;
    const auto turn = std::ranges::find(fault_errors, fault.error) - fault_errors.begin();
    return cat("at system call ", injured.system_call, ", errno ", fault.error, ", exit status ",
               injured.finished.exit_code(), ": ", injured.finished.out, injured.finished.err,
               "\nagain with CNIXX_FAULT_STEP=", far,
               " CNIXX_FAULT_SEED=", turn * far + fault.number - 1);
}

Injured run_with_fault(const Program& program, const Fault& fault) {
    const Streams streams(program.input);
    const pid_t root = start(program, streams);
    Injection injection(root, fault);
    Injured injured;
    int status = 0;
    const Patience patience;
    for (;;) {
        const pid_t pid = ::waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR) injection.end_all();
        if (pid < 0 && errno != EINTR) break;
        if (pid < 0) continue;
        injection.follow(pid, status);
        if (WIFSTOPPED(status)) {
            injection.on_stop(pid, status);
            ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal_to_pass(status));
        } else if (pid == root) {
            injured.finished.status = status;
        }
    }
    injured.system_call = injection.system_call();
    injured.reached = injured.system_call >= 0;
    injured.hung = injection.hung();
    injured.finished.out = streams.output();
    injured.finished.err = streams.errors();
    return injured;
}

// What is allocated in there may be so: the C library sees to its locks at fork(2).
FaultyProcess::FaultyProcess(const Program& program, const Fault& fault)
    : tracer_(Process::start({.argv = program.argv, .prepare = [&] { report(program, fault); }})) {}

bool FaultyProcess::has_ended() const {
    siginfo_t ended{};
    const auto pid = static_cast<id_t>(tracer_.pid());
    checked(::waitid(P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT), "ask for a process");
    return ended.si_pid != 0;
}

Injured FaultyProcess::wait() {
    const auto told = nlohmann::json::parse(tracer_.wait().out);
    return {.reached = told["reached"],
            .system_call = told["system call"],
            .hung = told["hung"],
            .finished = {.status = told["status"], .out = told["out"], .err = told["err"]}};
}

}  // namespace cni::test
