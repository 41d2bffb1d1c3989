#include "cni/traceparent.h"

namespace cni {
namespace {

constexpr std::size_t size = 55;  // of version 00

bool is_hex(std::string_view field) {
    return field.find_first_not_of("0123456789abcdef") == field.npos;
}

bool is_id(std::string_view field) {
    return is_hex(field) && field.find_first_not_of('0') != field.npos;
}

}  // namespace

std::optional<std::string_view> parse_traceparent(std::string_view text) {
    if (text.size() < size) return {};
    const auto version = text.substr(0, 2), trace_id = text.substr(3, 32);
    const auto parent_id = text.substr(36, 16), trace_flags = text.substr(53, 2);
    const bool separated = text[2] == '-' && text[35] == '-' && text[52] == '-';
    const auto rest = text.substr(size);
    const bool ends = rest.empty() || (version != "00" && rest.front() == '-');
    if (!separated || !ends || !is_hex(version) || version == "ff" || !is_id(trace_id) ||
        !is_id(parent_id) || !is_hex(trace_flags))
        return {};
    return text.substr(0, size);
}

}  // namespace cni
