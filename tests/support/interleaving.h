#pragma once

#include <string>
#include <vector>

#include "support/process.h"

namespace cni::test {

/// Before step `step` another program goes on in place of the one that ran: `to`.
struct Switch {
    std::size_t step;
    std::size_t to;
};

/// In which order programs make their steps: the first Switch, at step 0, says who begins; each of
/// those that follow is a preemption. A program runs on until the next Switch, or until it has
/// ended or is blocked: then goes on the next one that can.
using Schedule = std::vector<Switch>;
/// "0:1 17:0": from step 0 program 1, from step 17 program 0.
std::string to_string(const Schedule& schedule);
Schedule parse_schedule(const std::string& text);

/// One system call of one program that others may see (support/shared_calls.h), with what it does
/// until the next one.
struct Step {
    std::size_t program;
    std::string call;
    /// Who could have made a step instead.
    std::vector<std::size_t> others;
};

struct Interleaved {
    std::vector<Finished> finished;  ///< of each program
    std::vector<Step> steps;
    /// What waited, and none of the rest could make a step, for a minute; they were killed.
    std::string hung;

    /// One step a line, for messages.
    std::string trace() const;
};

/// Runs programs (see plugin_program) as the schedule says; returns when all that they started are
/// gone. Of all their processes and threads only one at a time makes a shared call.
Interleaved run_interleaved(std::vector<Program> programs, const Schedule& schedule);

}  // namespace cni::test
