#include "base/hash.h"

#include <sha512.h>

#include <cstdint>

namespace cni {

std::string sha512_hex(std::string_view text) {
    char hex[SHA512_DIGEST_STRING_LENGTH];
    SHA512Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), hex);
    return hex;
}

}  // namespace cni
