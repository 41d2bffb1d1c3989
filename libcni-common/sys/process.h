#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
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

/// Where the patience with a child ends.
struct Limits {
    std::chrono::seconds time;       ///< from its start to its end
    std::size_t output = 16u << 20;  ///< bytes, of stdout and of stderr each
};

/// A running child process. It gets no descriptor but stdin, stdout and stderr (from Linux 5.11 on;
/// before, what the runtime leaked to us), and SIGKILL when this process dies, so that it cannot
/// outlive a killed ADD. It leads a process group: when it is killed, those it started are as well.
/// Destruction without wait() kills it and waits for its end.
class Child {
public:
    /// Executes the file argv[0] with these arguments. `environment` holds "NAME=value" entries;
    /// `inherited` is one more descriptor for it, -1 for none. Throws SysError when the program
    /// cannot be executed.
    static Child spawn(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment, std::string_view input,
                       const Limits& limits, int inherited = -1);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    /// Waits for its end, once; what it leaves running is not waited for. Throws Error(io_failure)
    /// when it prints more than the limit, Error(internal) when it takes longer.
    Exit wait();

private:
    using Clock = std::chrono::steady_clock;
    Child(std::string program, const Limits& limits)
        : program_(std::move(program)), limits_(limits) {}
    bool has_ended();
    void await_event();
    void feed();
    void collect(Fd& from, std::string& text, std::string_view name);
    void drain(Fd& from, std::string& text, std::string_view name);

    std::string program_;
    Limits limits_;
    Clock::time_point deadline_ = Clock::now() + limits_.time;
    pid_t pid_ = -1;
    Fd input_, output_, diagnostics_;  ///< our ends of the pipes; empty when closed
    std::string unfed_;                ///< what did not fit into the pipe yet
    Exit exit_;
};

}  // namespace cni
