#pragma once

#include <functional>
#include <map>
#include <random>
#include <vector>

#include "support/process.h"

namespace cni::test {

/// Programs that run many at once, in a random order that is the same every time. Each has a
/// deadline, so that none can wait for ever.
class Crowd {
public:
    using Then = std::function<void(const Finished&)>;

    explicit Crowd(std::size_t width) : width_(width) {}

    /// Once there is room, runs a program; `then` sees how it ended, and may add more.
    void add(Program program, Then then);
    /// Until all are done; calls `meanwhile` each time one has ended and others still run. Throws
    /// Error when a child process of the test ends that is none of the crowd.
    void run(const std::function<void()>& meanwhile);

    /// Equally often each number below `end`.
    std::size_t pick(std::size_t end) { return random_() % end; }

private:
    struct Waiting {
        Program program;
        Then then;
    };
    struct Running {
        Process process;
        Then then;
    };
    void fill();
    Running take_ended();

    std::size_t width_;
    std::mt19937 random_{20240229};
    std::vector<Waiting> waiting_;
    std::map<pid_t, Running> running_;
};

}  // namespace cni::test
