#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cni::tool {

/// What may stand where the last of the words stands, which may be empty or the beginning of one: a
/// line for each, with a tab and what it means behind it if there is something to say; ":files" and
/// ":dirs" for what the shell knows better. For the files in packaging/completions.
std::string complete(std::span<const std::string_view> words);

}  // namespace cni::tool
