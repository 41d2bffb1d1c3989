#pragma once

#include <algorithm>

namespace cni {

/// Whether one of the elements equals `value`.
template <typename Range, typename T>
bool contains(const Range& range, const T& value) {
    return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace cni
