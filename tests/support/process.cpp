#include "support/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "support/defect.h"
#include "support/orphans.h"

namespace cni::test {
namespace {

constexpr std::size_t max_output = 64u << 20;

Fd memory_file() {
    const Fd low(checked(::memfd_create("test", MFD_CLOEXEC), "make a memory file"));
    // Above 2, so that putting it on 0, 1 or 2 in the child cannot overwrite another one.
    return Fd(checked(::fcntl(low.get(), F_DUPFD_CLOEXEC, 3), "duplicate a memory file"));
}

std::string content(const Fd& file) {
    checked(::lseek(file.get(), 0, SEEK_SET), "rewind a program's output");
    return read_all(file.get(), max_output, "a program's output");
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
    result.push_back(nullptr);
    return result;
}

[[noreturn]] void become(const Program& program, const Fd& in, const Fd& out, const Fd& err) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in.get(), 0);
    ::dup2(out.get(), 1);
    ::dup2(err.get(), 2);
    const auto argv = pointers(program.argv), environment = pointers(program.environment);
    if (program.prepare) program.prepare();
    ::execvpe(argv[0], argv.data(), environment.data());
    const std::string reason = cat("execute ", program.argv[0], ": ", errno_text(errno), "\n");
    write_all(2, reason, "stderr");
    ::_exit(127);
}

}  // namespace

int Finished::exit_code() const {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> Program::inherited() {
    std::vector<std::string> result;
    for (char** entry = environ; *entry; ++entry) result.emplace_back(*entry);
    return result;
}

Process::Process(std::string name, pid_t pid, Fd out, Fd err)
    : name_(std::move(name)), pid_(pid), out_(std::move(out)), err_(std::move(err)) {}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Process::~Process() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

Process Process::start(const Program& program) {
    reap_orphans();
    const Fd in = memory_file();
    Fd out = memory_file(), err = memory_file();
    write_all(in.get(), program.input, "a program's input");
    checked(::lseek(in.get(), 0, SEEK_SET), "rewind a program's input");
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) become(program, in, out, err);
    return {join(program.argv, " "), pid, std::move(out), std::move(err)};
}

void Process::signal(int number) const {
    checked(::kill(pid_, number), "signal process ", pid_);
}

Finished Process::wait() {
    Finished finished;
    rusage usage{};
    checked(::wait4(std::exchange(pid_, -1), &finished.status, 0, &usage), "wait for a program");
    finished.max_rss = usage.ru_maxrss;
    finished.out = content(out_);
    finished.err = content(err_);
    const std::string defect = defect_of(finished);
    if (!defect.empty()) ADD_FAILURE() << name_ << ": " << defect;
    return finished;
}

Finished run(const Program& program) {
    return Process::start(program).wait();
}

std::string output_of(const std::vector<std::string>& argv, const std::string& input) {
    const Finished finished = run({.argv = argv, .input = input});
    if (!finished.ok())
        throw Error(Code::internal, cat(join(argv, " "), ": exit status ", finished.exit_code()),
                    finished.err);
    return finished.out;
}

}  // namespace cni::test
