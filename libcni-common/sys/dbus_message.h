#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Messages of D-Bus, as far as calls of a few methods need them (D-Bus specification, "Message
/// Protocol"): what is passed is text, what comes back is text or a truth value.
namespace cni::dbus {

/// Of a method whose arguments are strings.
struct Call {
    std::string destination;
    std::string path;
    std::string interface;
    std::string member;
    std::vector<std::string> arguments = {};
};

/// Asks that nobody be started to answer it. `serial` is not 0.
std::string encode(const Call& call, std::uint32_t serial);

enum class Type : std::uint8_t { call = 1, reply = 2, error = 3, signal = 4 };

/// What came. Of the body the first argument only, if it is of one of these types.
struct Message {
    Type type;  ///< or one of a number that is none of them, to be passed over
    std::uint32_t serial = 0;
    std::uint32_t reply_to = 0;   ///< the serial of the call it answers; 0: none
    std::string error_name = {};  ///< of an error
    std::string text = {};
    std::optional<bool> flag = {};
};

/// How many bytes at the beginning of a message tell its size.
constexpr std::size_t preamble = 16;
/// The size of the message that begins so. Throws Error(decoding_failure) when it is none, or
/// larger than 1 MiB, which no answer to such a call is.
std::size_t size_of(std::string_view beginning);
/// A whole message. Throws Error(decoding_failure).
Message parse(std::string_view bytes);

}  // namespace cni::dbus
