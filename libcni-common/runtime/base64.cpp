#include "runtime/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cni {

namespace {
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_value = 0xff;

constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> of{};
    of.fill(no_value);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        of[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return of;
}();
}  // namespace

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return {};
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    std::string out(text.size() / 4 * 3, 0);
    char* to = out.data();
    unsigned group = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_padding = i >= text.size() - padding;
        const unsigned value = is_padding ? 0 : values[static_cast<unsigned char>(text[i])];
        if (value == no_value) return {};
        group = group << 6 | value;
        if (i % 4 != 3) continue;
        for (const int shift : {16, 8, 0}) *to++ = static_cast<char>(group >> shift);
    }
    out.resize(out.size() - padding);
    return out;
}

}  // namespace cni
