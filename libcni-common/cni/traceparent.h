#pragma once

#include <optional>
#include <string_view>

namespace cni {

/// The value of a W3C Trace Context header "traceparent": version, trace id, parent id and flags.
/// Of a version to come, which may have more fields, those. nullopt when it is invalid.
std::optional<std::string_view> parse_traceparent(std::string_view text);

}  // namespace cni
