#include "text.h"

#include <time.h>

namespace cni::tool {
namespace {

constexpr char hex[] = "0123456789abcdef";

void append_hex(std::string& out, unsigned char byte) {
    out += hex[byte >> 4];
    out += hex[byte & 15];
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= ' ' && c <= '~') {
            out += c;
            continue;
        }
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(c));
    }
    return out;
}

std::string printable_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = static_cast<unsigned char>(json[i]);
        const auto next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
        // U+0080 to U+009F, which some terminals obey: two bytes in UTF-8.
        const bool is_c1 = byte == 0xc2 && next >= 0x80 && next <= 0x9f;
        if (!is_c1 && byte != 0x7f) {
            out += json[i];
            continue;
        }
        out += "\\u00";
        append_hex(out, is_c1 ? next : byte);
        i += is_c1;
    }
    return out;
}

std::string utc(std::int64_t seconds_since_epoch) {
    const time_t seconds = seconds_since_epoch;
    tm fields{};
    if (seconds_since_epoch <= 0 || !::gmtime_r(&seconds, &fields)) return {};
    char text[64];
    return {text, ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

}  // namespace cni::tool
