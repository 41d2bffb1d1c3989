#pragma once

namespace cni::dhcp {

/// Gives up what the daemon does not need once it has begun: all capabilities but a few, for good,
/// and new ones by executing programs. Raises the number of descriptors it may have to what is
/// allowed. What cannot be given up goes to the log.
void drop_privileges();

}  // namespace cni::dhcp
