#pragma once

#include <cerrno>
#include <exception>
#include <string>

#include "base/text.h"

namespace cni {

/// Error codes of the CNI specification, section 5 "Error". Delegated plugins may use others
/// (100 and up); they travel through unchanged.
enum class Code : int {
    incompatible_version = 1,
    unsupported_field = 2,
    unknown_container = 3,
    invalid_environment = 4,
    io_failure = 5,
    decoding_failure = 6,
    invalid_config = 7,
    invalid_netns = 8,
    try_again_later = 11,
    plugin_not_available = 50,
    limited_connectivity = 51,
    internal = 999,
};

/// The one exception type of the suite; what() is `msg`, with the details behind it when any.
/// A message names the act and the object ("set link eth0 up: No such device").
class Error : public std::exception {
public:
    Error(Code code_, std::string msg_, std::string details_ = {});
    const char* what() const noexcept override { return what_.c_str(); }

    Code code;
    std::string msg;
    std::string details;

private:
    std::string what_;
};

/// A failed system call: the errno is kept, its text is appended to the message.
class SysError : public Error {
public:
    SysError(std::string act, int error, std::string details_ = {});
    int error;
};

/// In a handler: what the exception says, in this project's words whatever threw it. Valid while
/// the exception is handled. Needs no memory.
const char* current_error_text() noexcept;
/// In a handler: the exception as an Error, internal unless it is one.
Error current_error();

/// The kernel's text for an errno ("No such device"); never depends on the locale.
std::string errno_text(int error);

/// `rc` when it is not negative; else throws SysError with errno and the joined `what`.
/// errno is read before any string is built.
template <typename Int, typename... A>
Int checked(Int rc, const A&... what) {
    if (rc >= 0) return rc;
    const int error = errno;
    throw SysError(cat(what...), error);
}

}  // namespace cni
