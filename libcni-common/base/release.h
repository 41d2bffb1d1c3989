#pragma once

#include <string_view>

namespace cni {

/// Of this project: "0.1.0".
extern const std::string_view release;
/// The release of the reference plugins that this one is compatible with: "1.9.1".
extern const std::string_view reference_release;

}  // namespace cni
