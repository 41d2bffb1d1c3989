#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace cni::test {

/// What a finished program left.
struct Finished {
    int status = 0;  ///< as of waitpid(2)
    std::string out;
    std::string err;
    long max_rss = 0;  ///< KiB; of this test program, where that is more

    /// Ended by itself with exit status 0.
    bool ok() const { return status == 0; }
    /// Its exit status, or 128 + the signal that ended it.
    int exit_code() const;
};

struct Program {
    /// argv[0] is looked up in PATH when it holds no slash.
    std::vector<std::string> argv;
    std::string input = {};
    /// "NAME=value" entries in place of this process's environment.
    std::vector<std::string> environment = inherited();
    /// Called in the new process right before it becomes the program, with nothing but system calls
    /// in it: limits, descriptors.
    std::function<void()> prepare = {};

    static std::vector<std::string> inherited();
};

/// A program running beside the test, in the namespaces of the thread that started it; it dies
/// with the test. stdin, stdout and stderr are memory files, so that nothing can block on them.
class Process {
public:
    /// Throws SysError when no process can be made; a program that cannot be executed ends with
    /// exit status 127 and says so on its stderr.
    static Process start(const Program& program);
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    ~Process();  ///< Kills it when wait() was not called.

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// The test fails when the program shows a defect (support/defect.h).
    Finished wait();

private:
    Process(std::string name, pid_t pid, Fd out, Fd err);
    std::string name_;
    pid_t pid_;
    Fd out_, err_;
};

/// Starts a program and waits for its end.
Finished run(const Program& program);

/// The output of a program that has to succeed; throws Error with its stderr when it does not.
std::string output_of(const std::vector<std::string>& argv, const std::string& input = {});

}  // namespace cni::test
