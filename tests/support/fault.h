#pragma once

#include "support/process.h"

namespace cni::test {

/// A variable of the environment that is a number.
int number_from(const char* variable, int fallback);

/// How much farther apart a sample of faults is: of a sanitized program most calls are the
/// sanitizer's.
int fault_spread();

/// Which calls of a program a run tries, each `step`-th from the `first` on: as CNIXX_FAULT_STEP
/// and CNIXX_FAULT_SEED say (docs/testing.md).
struct FaultSample {
    explicit FaultSample(int usual_step);
    int step, first;
};

/// What happens at the entry of a system call, which is not executed. But close(2) is, as the
/// kernel closes whatever it returns, and nothing happens to those that cannot fail: exit(2),
/// getpid(2) and the like; nor, with a sanitizer, to those that get memory. A brk(2) that fails
/// knows no errno.
struct Fault {
    enum class Kind {
        kill_program,  ///< SIGKILL to the program: its runtime lost patience
        kill_caller,   ///< SIGKILL to the process that calls, which may be one it started
        fail,          ///< the call returns `error`
    };
    int number;  ///< of the call, from 1, those of all processes that the program starts included
    Kind kind = Kind::kill_program;
    int error = 0;  ///< an errno, with Kind::fail
};

struct Injured {
    /// There was such a call.
    bool reached = false;
    /// The call's number on this machine (SYS_*).
    long system_call = -1;
    /// It did not come to an end within a minute, and was killed.
    bool hung = false;
    Finished finished;
};

/// Runs a program (see plugin_program) with one fault; returns when all it started are gone.
///
/// State outside of a process changes by system calls only, so that running an ADD once for each
/// number until one is not reached is killing it at any instruction.
Injured run_with_fault(const Program& program, const Fault& fault);

/// The same in a process beside the test, which has others of its own, or goes on meanwhile.
class FaultyProcess {
public:
    FaultyProcess(const Program& program, const Fault& fault);
    bool has_ended() const;
    Injured wait();

private:
    Process tracer_;
};

}  // namespace cni::test
