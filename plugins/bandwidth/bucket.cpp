#include "bucket.h"

#include <algorithm>
#include <limits>

namespace cni::bandwidth {
namespace {

constexpr std::uint64_t bits_of_a_byte = 8;
// 2^31 - 1 is what kubelet says, 2^32 - 1 containerd, 34359738359 CRI-O: all that a number holds.
constexpr std::uint64_t unlimited_burst = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t bursts_per_second = 10;
constexpr std::uint64_t waits_per_second = 40;
// Addresses, type, and two VLAN tags.
constexpr std::uint32_t frame_header = 14 + 2 * 4;

std::uint32_t clamp(std::uint64_t value) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(value, most));
}

Tbf with_burst(std::uint64_t rate, std::uint64_t burst) {
    return {.rate = rate, .burst = clamp(burst), .limit = clamp(rate / waits_per_second + burst)};
}

}  // namespace

Tbf bucket_of(const Limit& limit, std::uint32_t mtu) {
    const std::uint64_t rate = limit.rate / bits_of_a_byte;
    std::uint64_t burst = limit.burst / bits_of_a_byte;
    if (limit.burst >= unlimited_burst) burst = std::min(burst, rate / bursts_per_second);
    return with_burst(rate, std::max<std::uint64_t>(burst, mtu + frame_header));
}

bool is_bucket_of(const TbfSettings& told, const Limit& limit, std::uint32_t mtu) {
    const Tbf wanted = bucket_of(limit, mtu);
    const Tbf reference = with_burst(wanted.rate, limit.burst / bits_of_a_byte);
    return wanted.is_told_as(told) || reference.is_told_as(told);
}

}  // namespace cni::bandwidth
