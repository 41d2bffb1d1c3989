#include "bench/trace.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "bench/run.h"

namespace cni::bench {
namespace {

[[noreturn]] void become(const Call& call, int input, int output) {
    std::vector<char*> environment;
    for (const std::string& entry : call.environment)
        environment.push_back(const_cast<char*>(entry.c_str()));
    environment.push_back(nullptr);
    char* const argv[] = {const_cast<char*>(call.executable.c_str()), nullptr};
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::execve(argv[0], argv, environment.data());
    ::_exit(127);
}

// "VmHWM:      1100 kB"
long peak_of(pid_t pid) {
    const std::string status = read_file(cat("/proc/", pid, "/status"), 65536).value_or("");
    for (const std::string_view line : split(status, '\n'))
        if (line.starts_with("VmHWM:"))
            return parse_int<long>(trim(line.substr(6, line.rfind(' ') - 6))).value_or(0);
    return 0;
}

// New processes and threads begin with SIGSTOP; signals other than that are the program's own.
int signal_to_pass(int status) {
    const int number = WSTOPSIG(status);
    const bool is_ours = status >> 16 != 0 || number == SIGSTOP || number == SIGTRAP;
    return is_ours ? 0 : number;
}

// Follows the whole tree to its end; returns the status of its root.
int follow(pid_t root, Trace& trace) {
    int result = 0, status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, __WALL | __WNOTHREAD)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == root) result = status;
            continue;
        }
        if (status >> 16 == PTRACE_EVENT_EXEC) ++trace.executions;
        if (status >> 16 == PTRACE_EVENT_EXIT)
            trace.peak_kib = std::max(trace.peak_kib, peak_of(pid));
        ::ptrace(PTRACE_CONT, pid, nullptr, signal_to_pass(status));
    }
    return result;
}

}  // namespace

Trace trace(const Call& call) {
    const Fd input(checked(::memfd_create("bench", MFD_CLOEXEC), "make a memory file"));
    Fd output(checked(::memfd_create("bench", MFD_CLOEXEC), "make a memory file"));
    write_all(input.get(), call.config, "a memory file");
    checked(::lseek(input.get(), 0, SEEK_SET), "rewind a memory file");
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) become(call, input.get(), output.get());
    checked(::waitpid(pid, nullptr, 0), "wait for ", call.executable);
    checked(::ptrace(PTRACE_SETOPTIONS, pid, nullptr,
                     PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE),
            "trace ", call.executable);
    checked(::ptrace(PTRACE_CONT, pid, nullptr, nullptr), "continue ", call.executable);
    Trace result;
    const int status = follow(pid, result);
    result.output = result_of({pid, std::move(output), call.executable}, status);
    return result;
}

}  // namespace cni::bench
