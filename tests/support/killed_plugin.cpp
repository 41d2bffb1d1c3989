#include "support/killed_plugin.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

[[noreturn]] void become_traced(const Program& program, int input, int nowhere) {
    std::vector<char*> argv, environment;
    for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& entry : program.environment)
        environment.push_back(const_cast<char*>(entry.c_str()));
    argv.push_back(nullptr);
    environment.push_back(nullptr);
    ::dup2(input, 0);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
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

// New processes begin with SIGSTOP; events are shown as SIGTRAP. Other signals are the program's.
int signal_to_pass(int status) {
    const int number = WSTOPSIG(status);
    return number == SIGSTOP || number == SIGTRAP || is_system_call(status) ? 0 : number;
}

pid_t start_traced(const Program& program) {
    const Fd input(check(::memfd_create("stdin", MFD_CLOEXEC), "make a memory file"));
    write_all(input.get(), program.input, "a program's input");
    check(::lseek(input.get(), 0, SEEK_SET), "rewind a program's input");
    const Fd nowhere = open_at(AT_FDCWD, "/dev/null", O_WRONLY, 0, "/dev/null");
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) become_traced(program, input.get(), nowhere.get());
    check(::waitpid(pid, nullptr, 0), "wait for ", program.argv[0]);
    check(::ptrace(PTRACE_SETOPTIONS, pid, nullptr,
                   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
                       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE),
          "trace ", program.argv[0]);
    return pid;
}

}  // namespace

bool run_killed_at(const Program& program, int number) {
    const pid_t root = start_traced(program);
    bool executed = false, killed = false;
    check(::ptrace(PTRACE_SYSCALL, root, nullptr, nullptr), "continue ", program.argv[0]);
    int status = 0, count = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) continue;
        if (status >> 16 == PTRACE_EVENT_EXEC) executed = true;
        // What is called before the program has begun is this library's.
        if (executed && is_system_call(status) && is_entry(pid)) ++count;
        if (count == number && !killed) {
            killed = true;
            ::kill(root, SIGKILL);
        }
        ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal_to_pass(status));
    }
    return killed;
}

}  // namespace cni::test
