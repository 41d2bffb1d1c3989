#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "sys/reaper.h"

namespace cni {

/// A process that this one leaves behind for what nobody has to wait for. It is a copy of this one
/// (fork(2)), called "cnixx-orphan", in the root directory and without any descriptor but those it
/// is given: who reads a pipe to its end, waits for a lock or for the end of a namespace does not
/// wait for it.
///
/// Whoever inherits it when this process has ended is expected to wait for it: see sys/reaper.h.
class Orphan {
public:
    /// Makes one that does `begin`, which this process waits for, then `go_on` in a session of its
    /// own, closes what it kept and ends. It begins in this one's, for a new session may have to
    /// wait for its share of the processor (sched_autogroup_enabled in sched(7)). What they throw
    /// is lost. They must read nothing that this process reads. nullopt where none can be made (a
    /// limit of processes), or none should: then it is for the caller to do the work.
    static std::optional<Orphan> leave(std::vector<int> kept, const std::function<void()>& begin,
                                       const std::function<void()>& go_on);
    Orphan(Orphan&& other) noexcept;
    Orphan& operator=(Orphan&&) = delete;
    /// Leaves it alone. One that has ended already is none to be inherited.
    ~Orphan();

    /// Readable, as of poll(2), once it has ended; -1 before Linux 5.3.
    int end() const { return end_.get(); }
    /// Waits for its end, for so long at most.
    void await(std::chrono::milliseconds longest);

private:
    Orphan(pid_t pid, Reaper reaper);
    void collect() noexcept;
    pid_t pid_;  ///< -1 once it was waited for
    Fd end_;
    Reaper reaper_;
};

}  // namespace cni
