#pragma once

#include <string>

namespace cni::tool {

/// Whether an executable was linked by Go, which no plugin of this suite is. False for a file that
/// cannot be read.
bool is_written_in_go(const std::string& path);

}  // namespace cni::tool
