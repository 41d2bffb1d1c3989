#pragma once

#include <signal.h>

#include <chrono>

namespace cni {

/// Interrupts blocking system calls of this thread, which then return EINTR, once `limit` is over,
/// and every 50 ms from then on: the first signal may come just before the call.
///
/// It is SIGALRM, which is let through as long as the object lives though the runtime may have
/// blocked it; handler and mask are put back afterwards. One at a time in a process.
class Alarm {
public:
    explicit Alarm(std::chrono::milliseconds limit);
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm();

    /// Whether the limit is over: an EINTR may be of another signal.
    static bool went_off() { return is_over_ != 0; }

private:
    static inline volatile sig_atomic_t is_over_ = 0;
    struct sigaction previous_ {};
    sigset_t previous_mask_{};
};

}  // namespace cni
