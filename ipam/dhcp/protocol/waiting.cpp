#include "waiting.h"

#include <algorithm>

namespace cni::dhcp {

Duration jitter(const Random& random, Duration most) {
    const Duration::rep bound = most.count();
    return Duration(static_cast<Duration::rep>(random()) % (2 * bound + 1) - bound);
}

Duration pause_after(int failures, const Random& random) {
    constexpr int at_once = 1, most_doublings = 6;
    constexpr Duration first = std::chrono::seconds(1), most_jitter = std::chrono::seconds(1);
    if (failures <= at_once) return {};
    const Duration pause = first * (1 << std::min(failures - at_once - 1, most_doublings));
    return pause + jitter(random, std::min(pause / 4, most_jitter));
}

}  // namespace cni::dhcp
