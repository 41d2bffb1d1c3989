#pragma once

#include "cni/outlook.h"

namespace cni::portmap {

/// What ADD would do, for `cnitool explain`. Changes nothing. Throws what ADD would.
void foresee(Outlook& outlook);

}  // namespace cni::portmap
