#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cni {

/// Descriptors of a new process. All are 3 or more.
struct Stdio {
    int input, output, diagnostics;
    int inherited = -1;  ///< kept under its own number; -1: none
};

/// Starts the file argv[0] in a process that leads a group of its own, has default signals and dies
/// with this thread. Returns when it is being executed. Throws SysError when it cannot be.
pid_t execute(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
              const Stdio& stdio);

}  // namespace cni
