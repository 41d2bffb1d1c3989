#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "sys/execute.h"

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

/// A child process on its way to executing a program, or doing so. It gets no descriptor but stdin,
/// stdout and stderr, and SIGKILL when this process dies, so that it cannot outlive a killed ADD.
/// It leads a process group: when it is killed, those it started are as well. Destruction without
/// wait() kills it and waits for its end.
class Child {
public:
    /// Starts the file argv[0] with these arguments, and goes on: what keeps it from being executed
    /// is told by what waits for it. `environment` holds "NAME=value" entries; `inherited` is one
    /// more descriptor for it, -1 for none. Throws SysError when there can be no process.
    static Child spawn(std::vector<std::string> argv, std::vector<std::string> environment,
                       const Limits& limits, int inherited = -1);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    /// What it reads on stdin: once, and all there will be.
    void give(std::string_view input);

    /// Waits until it closes its stdout, as it may do before its end, or has ended. Returns what it
    /// has printed. Throws what wait() does.
    const std::string& await_output();

    /// Waits for its end, once; what it leaves running is not waited for. Without give() before it,
    /// there is nothing to be read on stdin. Throws SysError when the program could not be
    /// executed, Error(io_failure) when it prints more than the limit, Error(internal) when it
    /// takes longer.
    Exit wait();

private:
    using Clock = std::chrono::steady_clock;
    Child(std::string program, const Limits& limits, Execution execution)
        : program_(std::move(program)), limits_(limits), execution_(std::move(execution)) {}
    bool has_ended();
    void await_event();
    void feed();
    void collect(Fd& from, std::string& text, std::string_view name);
    void drain(Fd& from, std::string& text, std::string_view name);

    std::string program_;
    Limits limits_;
    Clock::time_point deadline_ = Clock::now() + limits_.time;
    Execution execution_;
    bool is_running_ = true;           ///< until its end has been seen
    Fd reader_;                        ///< of its stdin, until there is something to be read
    Fd input_, output_, diagnostics_;  ///< our ends of the pipes; empty when closed
    std::string unfed_;                ///< what did not fit into the pipe yet
    Exit exit_;
};

}  // namespace cni
