#pragma once

#include <map>
#include <string>
#include <string_view>

#include "../protocol/clock.h"

namespace cni::dhcp {

/// Keeps who says the same again and again from filling a log.
class Repeats {
public:
    /// Whether `text` is to be said: not if it was in the last ten seconds.
    bool admit(std::string_view text, Time now) {
        constexpr Duration pause = std::chrono::seconds(10);
        std::erase_if(said_, [&](const auto& each) { return each.second + pause <= now; });
        return said_.try_emplace(std::string(text), now).second;
    }

private:
    std::map<std::string, Time> said_;
};

}  // namespace cni::dhcp
