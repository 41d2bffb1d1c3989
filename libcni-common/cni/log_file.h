#pragma once

#include <string>
#include <string_view>

namespace cni {

/// Appends a line to a file in one call, so that those of processes that run at once do not mix.
/// The file is made (mode 0600) when there is none. It may lie in a folder that others can write
/// to: what they plant there is neither followed nor waited for. `setting` is what names the file.
/// Throws Error when `path` is not absolute or no regular file, and SysError.
void append_line(const std::string& path, std::string_view setting, std::string_view line);

}  // namespace cni
