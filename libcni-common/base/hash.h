#pragma once

#include <string>
#include <string_view>

namespace cni {

/// SHA-512 in lower-case hex (128 characters). Names derived from attachments are prefixes of it.
std::string sha512_hex(std::string_view text);

}  // namespace cni
