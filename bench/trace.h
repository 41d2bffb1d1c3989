#pragma once

#include <string>

#include "bench/call.h"

namespace cni::bench {

/// What a call costs besides time.
struct Trace {
    int executions = 0;  ///< programs executed, the plugin itself included
    long peak_kib = 0;   ///< the largest resident set of any of them
    std::string output;
};

/// Runs a call under ptrace(2). The memory of the process that starts it would be in the child's
/// rusage, so each process is looked at when it ends. Throws Error when the plugin fails.
Trace trace(const Call& call);

}  // namespace cni::bench
