#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace cni {

/// The candidate a misspelt word most likely means: at most a third of its letters differ, in any
/// letter case. nullopt when none is that near.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates);

}  // namespace cni
