#pragma once

#include <string>
#include <vector>

namespace cni::dhcp {

/// `dhcp daemon`, with the words behind that. Returns the exit status when it was told to stop: 0;
/// 1 when it could not start, 2 for words that it does not know.
int run_daemon(const std::vector<std::string>& words) noexcept;

}  // namespace cni::dhcp
