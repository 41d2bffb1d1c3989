#pragma once

#include "cni/outlook.h"

namespace cni::tool {

/// What tells what ADD of a plugin of this suite would do; null for any other.
Outlook::Foresee find_foresight(std::string_view type);

}  // namespace cni::tool
