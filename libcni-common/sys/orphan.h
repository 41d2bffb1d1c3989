#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/fd.h"
#include "sys/reaper.h"

namespace cni {

/// A process that this one leaves behind for what nobody has to wait for. It is called
/// "cnixx-orphan", in the root directory and without any descriptor but those it is given: who
/// reads a pipe to its end, waits for a lock or for the end of a namespace does not wait for it.
///
/// It has its memory in common with this one (clone(2) with CLONE_VM), which outlives it there: a
/// copy, as of fork(2), costs a page fault for each page that either of them writes to later.
///
/// Whoever inherits it when this process has ended is expected to wait for it: see sys/reaper.h.
class Orphan {
public:
    /// Makes one that does `begin`, which this process waits for, then `go_on` in a session of its
    /// own, closes what it kept and ends. It begins in this one's, for a new session may have to
    /// wait for its share of the processor (sched_autogroup_enabled in sched(7)). nullopt where
    /// none can be made (a limit of processes), or none should: then it is for the caller to do the
    /// work.
    ///
    /// It has copies of both, which is all the memory that they may use: nothing that they refer to
    /// is there for sure any more, and neither malloc(3) nor errno is theirs (sys/raw_call.h). They
    /// must read nothing from descriptors that this process reads from.
    template <typename Begin, typename GoOn>
    static std::optional<Orphan> leave(const std::vector<int>& kept, const Begin& begin,
                                       const GoOn& go_on) {
        static_assert(std::is_trivially_copyable_v<Begin> && std::is_trivially_copyable_v<GoOn>);
        static_assert(sizeof begin <= sizeof(Task::object) && sizeof go_on <= sizeof(Task::object));
        return leave(kept, Task(begin), Task(go_on));
    }
    Orphan(Orphan&& other) noexcept;
    Orphan& operator=(Orphan&&) = delete;
    /// Leaves it alone. One that has ended already is none to be inherited.
    ~Orphan();

    /// Readable, as of poll(2), once it has ended; -1 before Linux 5.3.
    int end() const { return end_.get(); }
    /// Waits for its end, for so long at most.
    void await(std::chrono::milliseconds longest);

private:
    /// A copy of something to be called.
    struct Task {
        template <typename Call>
        explicit Task(const Call& call) : run([](void* its) { (*static_cast<Call*>(its))(); }) {
            new (object) Call(call);
        }
        void (*run)(void* object);
        alignas(std::max_align_t) unsigned char object[128];
    };
    struct Life;
    static std::optional<Orphan> leave(const std::vector<int>& kept, const Task& begin,
                                       const Task& go_on);
    Orphan(pid_t pid, Reaper reaper);
    void collect() noexcept;
    pid_t pid_;  ///< -1 once it was waited for
    Fd end_;
    Reaper reaper_;
};

}  // namespace cni
