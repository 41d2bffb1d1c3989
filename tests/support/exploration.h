#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/interleaving.h"

namespace cni::test {

/// Programs that run at once on a host, which is made anew for each order of their steps.
struct Scenario {
    /// Makes what they find, and says what they are.
    std::function<std::vector<Program>()> begin;
    /// What came of them, as text without what differs each time: compared with what comes of them
    /// one after the other.
    std::function<std::string(const std::vector<Finished>&)> outcome;
    /// Takes back what is left, as a runtime would. What is wrong behind that; "" when nothing is.
    std::function<std::string()> end;
};

struct Explored {
    int schedules = 0;      ///< in how many orders they ran
    std::size_t steps = 0;  ///< of the longest
    /// The first order in which somebody hung, that had an outcome which no serial order has, or
    /// that ended badly; "" when there was none.
    std::string fault;
};

/// Runs a scenario in each serial order, and then with up to `preemptions` switches anywhere else
/// (before shared calls, see support/shared_calls.h), until a fault is found.
///
///   CNIXX_INTERLEAVINGS  how many orders are tried, by default `sample`, at random; all: each one
///   CNIXX_FAULT_SEED     which ones
///   CNIXX_SCHEDULE       one order alone, as a fault names it, with a trace
///
/// Records what was explored as properties of the test.
Explored explore(const Scenario& scenario, int preemptions, int sample);

/// Whether it is the turn of one of many scenarios, of which a test run tries one in `many`; all of
/// them where CNIXX_INTERLEAVINGS or CNIXX_SCHEDULE ask for them.
bool is_its_turn(std::size_t number, std::size_t many);

}  // namespace cni::test
