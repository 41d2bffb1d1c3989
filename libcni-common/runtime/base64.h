#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// Standard alphabet, padded (RFC 4648, section 4).
std::string base64(std::string_view bytes);

/// The bytes of such text; nullopt when it is anything else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace cni
