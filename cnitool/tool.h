#pragma once

namespace cni::tool {

/// The main function of cnitool, with what main() gets. Returns the exit status.
int run(int count, char* const* words) noexcept;

}  // namespace cni::tool
