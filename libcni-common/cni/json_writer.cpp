#include "cni/json_writer.h"

#include <cstdint>

namespace cni {
namespace {

constexpr char hex[] = "0123456789abcdef";

// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (!follows(1) || !follows(2)) return 0;
        const bool overlong = first == 0xe0 && at(1) < 0xa0;
        const bool surrogate = first == 0xed && at(1) > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        const bool overlong = first == 0xf0 && at(1) < 0x90;
        const bool too_large = first == 0xf4 && at(1) > 0x8f;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[(code >> shift) & 15];
}

void append_ascii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        case '<':
        case '>':
        case '&':
            append_unicode_escape(out, static_cast<unsigned>(c));
            return;
        default:
            break;
    }
    if (static_cast<unsigned char>(c) < 0x20)
        append_unicode_escape(out, static_cast<unsigned>(c));
    else
        out += c;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const std::string_view sequence = text.substr(0, length);
        if (length == 0)
            append_unicode_escape(out, 0xfffd);
        else if (length == 1)
            append_ascii(out, text[0]);
        else if (sequence == "\u2028")
            append_unicode_escape(out, 0x2028);
        else if (sequence == "\u2029")
            append_unicode_escape(out, 0x2029);
        else
            out += sequence;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    append_quoted(text_, name);
    text_ += layout_ != Layout::compact ? ": " : ":";
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    before_value();
    append_quoted(text_, text);
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    before_value();
    text_ += json;
    return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
    before_value();
    text_ += bracket;
    ++depth_;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    --depth_;
    if (!first_) new_line();
    text_ += bracket;
    first_ = false;
    return *this;
}

void JsonWriter::before_value() {
    if (after_key_) {
        after_key_ = false;
        first_ = false;
        return;
    }
    if (!first_) text_ += ',';
    if (depth_ > 0) new_line();
    first_ = false;
}

void JsonWriter::new_line() {
    if (layout_ == Layout::compact) return;
    text_ += '\n';
    const int width = layout_ == Layout::narrow ? 1 : 4;
    text_.append(static_cast<std::size_t>(width * depth_), ' ');
}

}  // namespace cni
