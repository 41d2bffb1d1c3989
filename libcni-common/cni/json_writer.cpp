#include "cni/json_writer.h"

#include <cstdint>

namespace cni {
namespace {

constexpr char hex[] = "0123456789abcdef";

// Which second byte may follow which first one (table 3-7 of the Unicode standard): not all may, so
// that each character has one spelling, and surrogates and what is above U+10FFFF none.
struct Sequence {
    unsigned first_from, first_to, second_from, second_to;
    std::size_t length;
};
constexpr Sequence sequences[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (at(0) < 0x80) return 1;
    for (const Sequence& s : sequences) {
        if (at(0) < s.first_from || at(0) > s.first_to) continue;
        if (text.size() < s.length || at(1) < s.second_from || at(1) > s.second_to) return 0;
        for (std::size_t i = 2; i < s.length; ++i)
            if ((at(i) & 0xc0u) != 0x80u) return 0;
        return s.length;
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
    const std::size_t width = layout_ == Layout::narrow ? 1 : 4;
    text_.append(width * static_cast<std::size_t>(depth_), ' ');
}

}  // namespace cni
