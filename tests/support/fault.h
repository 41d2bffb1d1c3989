#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>

#include "support/process.h"

namespace cni::test {

/// A variable of the environment that is a number.
int number_from(const char* variable, int fallback);

/// How much farther apart a sample of faults is: of a sanitized program most calls are the
/// sanitizer's.
int fault_spread();

/// What a call fails with, each of them in its turn.
inline constexpr std::array fault_errors = {ENOSPC, EIO, ENOMEM, EINTR, EAGAIN, EPERM, EMFILE};

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

/// "kill_program"
std::string to_string(Fault::Kind kind);

/// Which calls of a program a run tries, each `step`-th from the `first` on: as CNIXX_FAULT_STEP
/// and CNIXX_FAULT_SEED say (docs/testing.md).
struct FaultSample {
    explicit FaultSample(int usual_step);
    int step, first;
    int turn;      ///< which errno the first one fails with
    bool goes_on;  ///< behind a failure, too: CNIXX_FAULT_GO_ON

    /// Each fault of the sample, until `reaches` says that there is no such call.
    template <typename Reaches>
    void try_all(Fault::Kind kind, Reaches&& reaches) const {
        Fault fault{.number = first, .kind = kind};
        for (auto its_turn = static_cast<std::size_t>(turn);; ++its_turn, fault.number += step) {
            fault.error = fault_errors[its_turn % fault_errors.size()];
            if (!reaches(fault) || (::testing::Test::HasFailure() && !goes_on)) return;
        }
    }
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

/// What a message says of a fault: where it was met, what the program said then, and how to see it
/// again.
std::string describe(const Fault& fault, const Injured& injured);

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
