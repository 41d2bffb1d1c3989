#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <vector>

#include "base/fd.h"

namespace cni::test {

/// System calls that no process gets into before the test says so: seccomp(2) with
/// SECCOMP_RET_USER_NOTIF. What waits goes on when the object goes.
class HeldCalls {
public:
    /// Who calls, in the namespace of the test, and what; the caller waits in it.
    struct Caller {
        pid_t pid;
        long system_call;
        std::uint64_t id;
    };

    explicit HeldCalls(std::initializer_list<long> system_calls);

    /// For Program::prepare, of one program: those of it and of all that it starts are held.
    std::function<void()> prepare() const;

    /// Waits for the next one to call; nullopt when there is none in that time.
    std::optional<Caller> next(std::chrono::milliseconds longest = std::chrono::seconds(10));
    void let_go(const Caller& caller) const;

private:
    std::vector<long> system_calls_;
    Fd here_, there_;  ///< a pair of sockets over which the program hands its filter's descriptor
    Fd listener_;
};

}  // namespace cni::test
