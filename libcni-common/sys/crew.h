#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

namespace cni {

/// Calls `work` for each number below `count`, in up to `width` processes at once that end with
/// this one; with a single number or process, in this process. What a call changes in memory stays
/// there. Returns the texts of what was thrown, by number.
std::map<std::size_t, std::string> in_parallel(std::size_t count, std::size_t width,
                                               const std::function<void(std::size_t)>& work);

}  // namespace cni
