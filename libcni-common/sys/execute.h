#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace cni {

/// Descriptors of a new process. All are 3 or more.
struct Stdio {
    int input, output, diagnostics;
    int inherited = -1;  ///< kept under its own number; -1: none
};

/// The start of a program in a process that leads a group of its own, has default signals and dies
/// with this thread. Nobody waits until it is being executed: this process goes on beside the new
/// one, which shares its memory until then and works on what the object owns. So the object must
/// stay until the new process is known to have ended.
class Execution {
public:
    /// Starts the file argv[0]; neither vector may be changed. Throws SysError when there can be no
    /// process.
    Execution(std::vector<std::string> argv, std::vector<std::string> environment,
              const Stdio& stdio);
    Execution(Execution&&) noexcept;
    Execution& operator=(Execution&&) = delete;
    ~Execution();

    pid_t pid() const { return pid_; }
    /// Once the process has ended: the errno that kept it from executing the program, or 0.
    int failure() const;
    /// The memory is the process's for as long as this one lives.
    void abandon();

private:
    struct Start;
    std::unique_ptr<Start> start_;
    pid_t pid_;
};

}  // namespace cni
