#pragma once

#include <initializer_list>
#include <string_view>

namespace cni {

/// One line on stderr, for what must not end the operation. Needs no memory.
void warn(std::string_view message) noexcept;
/// The same with the parts of the message, at most 8.
void warn(std::initializer_list<std::string_view> parts) noexcept;

}  // namespace cni
