#pragma once

#include <algorithm>
#include <ranges>

namespace cni {

/// Whether one of the elements equals `value`.
template <std::ranges::input_range Range, typename T>
constexpr bool contains(const Range& range, const T& value) {
    return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace cni
