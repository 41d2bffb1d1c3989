#pragma once

#include "cni/outlook.h"

namespace cni::tap {

/// What ADD would do, for `cnitool explain`. Changes nothing. Throws what ADD would.
void foresee(Outlook& outlook);

}  // namespace cni::tap
