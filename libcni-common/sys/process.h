#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace cni {

/// What a finished child process left.
struct Exit {
    int status = 0;  ///< as of waitpid(2)
    std::string output;
    std::string diagnostics;  ///< stderr

    bool success() const { return status == 0; }
    /// "exit status 3", "signal: Killed".
    std::string reason() const;
};

/// A running child process: stdin, stdout and stderr are memory files, so that no size of input or
/// output can block it. It gets no other descriptor (from Linux 5.11 on; before, what the runtime
/// leaked to us), and SIGKILL when this process dies, so that it cannot outlive a killed ADD.
/// Destruction without wait() kills it and waits for its end.
class Child {
public:
    /// Executes the file argv[0] with these arguments. `environment` holds "NAME=value" entries.
    /// Throws SysError when the program cannot be executed.
    static Child spawn(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment, std::string_view input);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    /// Waits for its end, once. Output beyond 16 MiB throws Error(io_failure).
    Exit wait();

private:
    Child(std::string program, pid_t pid, Fd output, Fd diagnostics);
    std::string program_;
    pid_t pid_ = -1;
    Fd output_, diagnostics_;
};

}  // namespace cni
