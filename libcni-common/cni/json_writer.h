#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace cni {

/// Writes JSON text in the encoding of the reference plugins: no final newline, <, >, &, U+2028
/// and U+2029 escaped, invalid UTF-8 replaced by U+FFFD. The caller decides the order of keys.
class JsonWriter {
public:
    /// Blanks a level: 1 in narrow, 4 in indented.
    enum class Layout { compact, narrow, indented };
    explicit JsonWriter(Layout layout) : layout_(layout) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
    template <std::integral T>
    JsonWriter& value(T number) {
        return raw(std::to_string(number));
    }
    /// A value that is JSON text already (compact).
    JsonWriter& raw(std::string_view json);
    /// key and value in one call.
    template <typename T>
    JsonWriter& member(std::string_view name, const T& v) {
        return key(name).value(v);
    }

    std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void before_value();
    void new_line();

    Layout layout_;
    std::string text_;
    int depth_ = 0;
    bool first_ = true;       // nothing written yet at this level
    bool after_key_ = false;  // the next value follows a colon
};

}  // namespace cni
