#pragma once

#include "installation.h"

namespace cni::tool {

/// Installs, and again whenever something in the two directories is replaced or removed by
/// somebody else, at most once in ten seconds. Returns never: SIGTERM ends the program, with exit
/// status 0 and at any moment, as nothing needs more than that. Throws what install() throws.
[[noreturn]] void install_and_stay(const InstallOptions& options);

}  // namespace cni::tool
