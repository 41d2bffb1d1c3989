#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sys/netns.h"

namespace cni::test {

/// A stream of data in one direction.
struct FlowOptions {
    const Netns& from;
    const Netns& to;
    std::string address;  ///< where it is received, in `to`
    bool udp = false;
    /// Bytes per second that UDP is sent at, with what TCP would be too fast for: more than gets
    /// through. TCP sends what it can.
    std::uint64_t offered = 0;
    std::chrono::milliseconds duration{5000};
};

/// What arrived.
struct Flow {
    std::uint64_t bytes = 0;  ///< of payload
    /// From before the first byte was sent until after the last one counted was received: in no
    /// shorter time can they have gone through.
    double seconds = 0;
    /// The longest time that this process, which both sends and receives, was not running.
    std::chrono::milliseconds longest_pause{0};

    double rate() const { return static_cast<double>(bytes) / seconds; }
};
Flow measure_flow(const FlowOptions& options);

}  // namespace cni::test
