#pragma once

#include <string>

#include "support/process.h"

namespace cni::test {

/// The exit status of a program in which a sanitizer found something: tests/sanitizer_options.cpp.
inline constexpr int sanitizer_status = 86;

/// The mistake that a finished program shows in itself, or in one that it started and of which it
/// passes on what that wrote to stderr: a report of a sanitizer, a crash. Empty when there is none.
/// No test may expect one: Process::wait makes it a failure.
std::string defect_of(const Finished& finished);

/// The same where system calls were made to fail: the C library and the sanitizers cannot go on
/// without some of them, and crash before the program has begun.
std::string defect_despite_faults(const Finished& finished);

}  // namespace cni::test
