#pragma once

#include <sys/ptrace.h>

#include "support/process.h"

namespace cni::test {

/// stdin, stdout and stderr of a program as memory files, so that nothing can block on them.
class Streams {
public:
    explicit Streams(const std::string& input);
    std::string output() const { return content(out_); }
    std::string errors() const { return content(err_); }
    /// Of the calling process.
    void put_in_place() const;

private:
    static std::string content(const Fd& file);
    Fd in_, out_, err_;
};

/// Starts a program (see plugin_program) that this process traces, with these PTRACE_O_*. It stands
/// still before its execve(2), to be continued by ptrace(2); it dies with this process.
pid_t start_traced(const Program& program, const Streams& streams, unsigned long options);

/// At a stop for a system call, or for a filter's sake.
__ptrace_syscall_info call_of(pid_t pid);

/// Whether the status of waitpid(2) tells of a system call, with PTRACE_O_TRACESYSGOOD.
bool is_system_call(int status);

/// What a stopped process is to be continued with. New processes begin with SIGSTOP; events are
/// shown as SIGTRAP. Other signals are the program's.
int signal_to_pass(int status);

}  // namespace cni::test
