#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "bench/call.h"

namespace cni::bench {

/// A started call; its stdin and stdout are memory files.
struct Running {
    pid_t pid;
    Fd output;
    std::string name;  ///< for messages
};

Running start(const Call& call);

/// stdout of a call that ended with `status`. Throws Error with the plugin's own words when it
/// failed: a benchmark of failures is none.
std::string result_of(const Running& running, int status);

struct Timed {
    double milliseconds;  ///< from before the process is made until it has been waited for
    std::string output;
};

/// Throws Error when the plugin fails.
Timed run_timed(const Call& call);

/// From then on this process inherits, and waits for, what a call has left behind (sys/orphan.h).
void adopt_orphans();
/// Until there are none, so that what is timed next is not disturbed by them. No call is running.
void await_orphans();

/// Milliseconds of a monotonic clock.
double now_ms();

}  // namespace cni::bench
