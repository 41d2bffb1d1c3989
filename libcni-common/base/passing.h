#pragma once

namespace cni {

/// Whether an errno tells of a shortage or an interruption, and nothing about what was tried: it
/// may be gone the next time.
bool is_passing(int error);

/// Whether an errno is an answer to what was tried, which would be the same the next time: not a
/// passing one, nor that of a broken device.
bool is_refusal(int error);

}  // namespace cni
