#pragma once

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "input.h"

namespace cni::floor {

/// Prints an error object and ends the process.
[[noreturn]] void fail(std::string_view act, int error = errno);

/// What a system call returned, which fails with -1.
inline int checked(int result, std::string_view act) {
    if (result < 0) fail(act);
    return result;
}

/// A short text under construction.
class Text {
public:
    Text& operator<<(std::string_view part) {
        if (part.size() >= sizeof text_ - size_) fail("have room for a text", ENOBUFS);
        std::memcpy(text_ + size_, part.data(), part.size());
        size_ += part.size();
        text_[size_] = 0;
        return *this;
    }
    Text& operator<<(std::uint64_t number) { return put(number, 10); }
    Text& hex(std::uint32_t number) { return put(number, 16); }
    /// Without its length.
    Text& address(Prefix prefix) {
        for (int shift = 24; shift >= 0; shift -= 8)
            *this << std::uint64_t{prefix.ip >> shift & 255} << (shift ? "." : "");
        return *this;
    }

    std::string_view view() const { return {text_, size_}; }
    const char* c_str() const { return text_; }

private:
    Text& put(std::uint64_t number, int base) {
        char digits[20];
        const char* const end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
        return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
    }
    char text_[1024] = {};
    std::size_t size_ = 0;
};

/// On standard output.
void print(std::string_view text);
/// That of the plugins before this one in the list.
void print_result(const Input& input);
/// Of a file of /proc/sys, say, which must be there.
void overwrite(const char* path, std::string_view text);
/// With those above it.
void make_directory(std::string_view path);

}  // namespace cni::floor
