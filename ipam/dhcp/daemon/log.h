#pragma once

#include <string_view>

namespace cni::dhcp {

/// A line on stderr as the reference daemon writes them: "2026/11/21 00:50:38 <about>: <what>".
/// `about` may be empty.
void log(std::string_view about, std::string_view what);

}  // namespace cni::dhcp
