#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>

namespace cni {

/// For changes that are begun anew when others were faster: lets those finish. A program that
/// changes rules in a loop leaves gaps between its commits that tries at growing distances find
/// sooner than tries without a pause.
class Patience {
public:
    bool is_left() const { return Clock::now() < end_; }
    void pause() {
        constexpr long first = 50'000, longest = 5'000'000;  // nanoseconds
        const timespec time{0, std::min(longest, first * ++tries_)};
        ::nanosleep(&time, nullptr);
    }

private:
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end_ = Clock::now() + std::chrono::seconds(30);
    int tries_ = 0;
};

}  // namespace cni
