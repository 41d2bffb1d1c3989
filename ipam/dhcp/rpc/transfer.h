#pragma once

#include <chrono>
#include <string_view>

namespace cni::dhcp {

/// Sends all of `bytes` by a stream socket, until `end`. Throws Error(try_again_later) when the
/// other side, `peer` in messages, has not taken them by then, and SysError.
void send_all(int socket, std::string_view bytes, std::chrono::steady_clock::time_point end,
              std::string_view peer);

}  // namespace cni::dhcp
