#pragma once

#include <chrono>

namespace cni::test {

/// Whether this is the guest of tests/vm.
bool is_guest();

// The guest's clock, which a sandbox may not set: a process does it that was started before any
// sandbox was made. Elsewhere the clock is everybody's, and left alone.

/// Whether it can be set.
bool can_set_clock();
/// Sets it forth, or back.
void set_clock(std::chrono::seconds by);

}  // namespace cni::test
