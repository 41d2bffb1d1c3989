#include "input.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "output.h"

namespace cni::floor {
namespace {

char buffer[65536];

// substr() would bring the library's exceptions into the program, which take their time when it
// starts.
std::string_view behind(std::string_view text, std::size_t size) {
    text.remove_prefix(std::min(size, text.size()));
    return text;
}

// What begins behind `"key":`.
std::string_view find_value(std::string_view config, std::string_view key) {
    for (std::size_t at; (at = config.find(key)) != config.npos;) {
        const bool is_quoted = at > 0 && config[at - 1] == '"';
        config = behind(config, at + key.size());
        const auto colon = config.find_first_not_of("\" \n");
        if (is_quoted && config.starts_with('"') && behind(config, colon).starts_with(':'))
            return behind(config, config.find_first_not_of(" \n", colon + 1));
    }
    return {};
}

const char* variable(const char* name) {
    const char* const value = ::getenv(name);
    return value ? value : "";
}

}  // namespace

std::string_view Input::text(std::string_view key) const {
    const std::string_view value = find_value(config, key);
    if (value.empty() || value[0] != '"') return {};
    return value.substr(1, value.find('"', 1) - 1);
}

bool Input::flag(std::string_view key) const {
    return find_value(config, key).starts_with("true");
}

unsigned Input::number(std::string_view key) const {
    std::string_view value = find_value(config, key);
    return take_number(value);
}

std::string_view Input::object(std::string_view key) const {
    const std::string_view value = find_value(config, key);
    int depth = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '{') ++depth;
        if (value[i] == '}' && --depth == 0) return {value.data(), i + 1};
    }
    return {};
}

Prefix Input::parse_prefix(std::string_view text) {
    Prefix prefix;
    for (int i = 0; i < 4; ++i) prefix.ip = prefix.ip << 8 | take_number(text);
    prefix.length = static_cast<int>(take_number(text));
    return prefix;
}

std::string_view take_quoted(std::string_view& text) {
    const std::string_view begun = behind(text, std::min(text.find('"'), text.size()) + 1);
    const std::string_view found(begun.data(), std::min(begun.find('"'), begun.size()));
    text = behind(begun, found.size() + 1);
    return found;
}

unsigned take_number(std::string_view& text) {
    unsigned value = 0;
    const char* const end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    text = behind(text, static_cast<std::size_t>(end - text.data()) + 1);
    return value;
}

Input read_input() {
    std::size_t size = 0;
    for (ssize_t count; (count = ::read(0, buffer + size, sizeof buffer - size)) > 0;)
        size += static_cast<std::size_t>(count);
    return {.config = {buffer, size},
            .container_id = variable("CNI_CONTAINERID"),
            .ifname = variable("CNI_IFNAME"),
            .netns = variable("CNI_NETNS"),
            .path = variable("CNI_PATH")};
}

}  // namespace cni::floor
