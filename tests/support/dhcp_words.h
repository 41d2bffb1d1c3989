#pragma once

#include <string>

#include "base/text.h"
#include "ipam/dhcp/protocol/actions.h"
#include "ipam/dhcp/protocol/clock.h"

/// What clients say, and when, in words: for tests to compare.
namespace cni::dhcp {

constexpr Time at(double second) {
    return Time(Duration(static_cast<Duration::rep>(second * 1000 + .5)));
}

/// In seconds, with three digits behind the point unless they are zeros.
inline std::string text_of(Time time) {
    if (time == never) return "never";
    const auto count = time.time_since_epoch().count();
    std::string text = std::to_string(count / 1000);
    if (count % 1000 != 0) text += cat(".", 1000 + count % 1000).erase(1, 1);
    return text;
}

inline std::string text_of(const Lost& lost) {
    return cat("lost: ", lost.reason);
}
inline std::string text_of(const Failed& failed) {
    return cat("failed: ", failed.reason);
}
inline std::string text_of(const Note& note) {
    return cat("note: ", note.text);
}

}  // namespace cni::dhcp
