#include "support/traced.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "support/orphans.h"

namespace cni::test {
namespace {

Fd memory_file() {
    return Fd(checked(::memfd_create("stream", MFD_CLOEXEC), "make a memory file"));
}

[[noreturn]] void become_traced(const Program& program, const Streams& streams) {
    std::vector<char*> argv, environment;
    for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& entry : program.environment)
        environment.push_back(const_cast<char*>(entry.c_str()));
    argv.push_back(nullptr);
    environment.push_back(nullptr);
    streams.put_in_place();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // stopped, it would outlive a test that is killed
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    if (program.prepare) program.prepare();
    ::execvpe(argv[0], argv.data(), environment.data());
    ::_exit(127);
}

}  // namespace

Streams::Streams(const std::string& input)
    : in_(memory_file()), out_(memory_file()), err_(memory_file()) {
    write_all(in_.get(), input, "a program's input");
    checked(::lseek(in_.get(), 0, SEEK_SET), "rewind a program's input");
}

void Streams::put_in_place() const {
    ::dup2(in_.get(), 0);
    ::dup2(out_.get(), 1);
    ::dup2(err_.get(), 2);
}

std::string Streams::content(const Fd& file) {
    checked(::lseek(file.get(), 0, SEEK_SET), "rewind a program's output");
    return read_all(file.get(), std::size_t{1} << 24, "a program's output");
}

pid_t start_traced(const Program& program, const Streams& streams, unsigned long options) {
    await_orphans();
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) become_traced(program, streams);
    checked(::waitpid(pid, nullptr, 0), "wait for ", program.argv[0]);
    checked(::ptrace(PTRACE_SETOPTIONS, pid, nullptr, options), "trace ", program.argv[0]);
    return pid;
}

__ptrace_syscall_info call_of(pid_t pid) {
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    return info;
}

bool is_system_call(int status) {
    return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

int signal_to_pass(int status) {
    const int number = WSTOPSIG(status);
    return number == SIGSTOP || number == SIGTRAP || is_system_call(status) ? 0 : number;
}

}  // namespace cni::test
