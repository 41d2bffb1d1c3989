#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace cni {

/// Waits for what somebody else makes of a path, without polling it: calls `is_reached` at once and
/// whenever something happens in the directory that holds `path`, or, while that is missing, in the
/// nearest one above it, until it says true. False when `limit` is over. Throws SysError.
bool await_path(const std::string& path, const std::function<bool()>& is_reached,
                std::chrono::milliseconds limit);

}  // namespace cni
