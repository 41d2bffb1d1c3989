#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

namespace detail {
inline void append(std::string& out, std::string_view text) {
    out.append(text);
}
inline void append(std::string& out, char c) {
    out.push_back(c);
}
template <std::integral T>
requires(!std::same_as<T, char> && !std::same_as<T, bool>) void append(std::string& out, T number) {
    char buffer[24];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}
}  // namespace detail

/// Joins strings, characters and integers into one string.
template <typename... A>
std::string cat(const A&... parts) {
    std::string out;
    (detail::append(out, parts), ...);
    return out;
}

/// The whole of `text` as a decimal integer; nullopt when it is anything else or does not fit.
template <std::integral T>
std::optional<T> parse_int(std::string_view text, int base = 10) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
    return value;
}

/// The parts of `text` between separators, empty ones included; one part when there is none.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` without the ASCII white space around it.
std::string_view trim(std::string_view text);

/// ASCII letters folded to lower case.
std::string lower(std::string_view text);

/// Two lower-case digits for each byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Parts joined with a separator.
template <typename Range>
std::string join(const Range& parts, std::string_view separator) {
    std::string out;
    for (bool first = true; const auto& part : parts) {
        if (!first) out += separator;
        first = false;
        out += part;
    }
    return out;
}

/// `text` in double quotes, with control characters, quotes and backslashes escaped: for messages.
std::string quote(std::string_view text);

}  // namespace cni
