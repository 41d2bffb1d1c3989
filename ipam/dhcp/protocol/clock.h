#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace cni::dhcp {

using Duration = std::chrono::milliseconds;

/// What CLOCK_BOOTTIME tells: it goes on while the machine is suspended, as leases do, and nobody
/// sets it. Nothing here reads it: whoever calls says what time it is.
struct BootClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using Time = BootClock::time_point;
/// Later than any other.
inline constexpr Time never = Time::max();

/// Where transaction ids and jitter come from: 32 bits that nobody can guess.
using Random = std::function<std::uint32_t()>;

}  // namespace cni::dhcp
