#pragma once

#include <sys/types.h>

#include <vector>

namespace cni::test {

// What plugins leave behind (sys/orphan.h). A sandbox makes the test process the one that inherits
// them.

/// Children of this process that are orphans, zombies among them.
std::vector<pid_t> orphans();
/// Waits for those that have ended, as process 1 of a machine does. Whatever starts a program
/// calls it first.
void reap_orphans();
/// Waits for all of them to end, and for their zombies.
void await_orphans();
/// Waits for all of them to end, and leaves their zombies.
void await_zombies();

/// While it lives this process never waits for orphans but by a call of the above.
class NoReaper {
public:
    NoReaper();
    NoReaper(const NoReaper&) = delete;
    NoReaper& operator=(const NoReaper&) = delete;
    ~NoReaper();
};

}  // namespace cni::test
