#pragma once

namespace cni {

/// Whether an errno tells of a shortage or an interruption, and nothing about what was tried: it
/// may be gone the next time.
bool is_passing(int error);

}  // namespace cni
