#pragma once

#include <string>

#include "support/process.h"

namespace cni::test {

/// Runs a program (see plugin_program) and kills it with SIGKILL at the entry of its `number`-th
/// system call, which is not executed any more. The calls of what it starts are counted as well;
/// the signal goes to the program itself, as from a runtime whose patience is over. Returns when
/// all of them are gone: true when it was killed, false when it ended by itself before.
///
/// State outside of a process changes by system calls only, so that running an ADD once for each
/// number until false comes back is killing it at any instruction.
bool run_killed_at(const Program& program, int number);

}  // namespace cni::test
