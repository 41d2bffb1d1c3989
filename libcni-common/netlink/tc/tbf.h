#pragma once

#include <cstdint>
#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// What the kernel tells of a token bucket filter. It tells how long the bucket takes to fill, not
/// what it holds.
struct TbfSettings {
    std::uint64_t rate = 0;   ///< bytes per second
    std::uint32_t limit = 0;  ///< bytes
    std::uint32_t ticks = 0;  ///< of 64 nanoseconds, their low 32 bits

    static TbfSettings parse(const nlattr* settings);
};

/// A queueing discipline by which no more leaves a link than `rate`, but for what the bucket held
/// (token bucket filter: linux/pkt_sched.h, TCA_TBF_*).
struct Tbf {
    static constexpr std::string_view name = "tbf";

    std::uint64_t rate = 0;   ///< bytes per second, not 0
    std::uint32_t burst = 0;  ///< bytes, what the bucket holds, not 0. A larger frame is dropped
    std::uint32_t limit = 0;  ///< bytes that may wait; what comes then is dropped

    void put(NlMessage& message) const;
    /// Whether this is what the kernel tells, as exactly as it does: of one that was made without
    /// TCA_TBF_BURST, by the reference plugin for one, it knows the time in microseconds, and no
    /// more than 2^32 nanoseconds of it.
    bool is_told_as(const TbfSettings& told) const;
    bool operator==(const Tbf&) const = default;
};

}  // namespace cni
