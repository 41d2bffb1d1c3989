#pragma once

#include "clock.h"

namespace cni::dhcp {

/// Between -most and +most: clients that began together do not go on together.
Duration jitter(const Random& random, Duration most);

/// Before trying anew, after so many failures in a row: none after the first one, then a second,
/// twice as long each time, a minute at most, with jitter. Servers and neighbours that are never
/// content meet patience.
Duration pause_after(int failures, const Random& random);

}  // namespace cni::dhcp
