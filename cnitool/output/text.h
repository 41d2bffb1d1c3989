#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cni::tool {

// What is printed may come from files and from containers, which may write anything.

/// `text` with every byte that is not printable ASCII as "\x1b": nothing in it moves a cursor, and
/// each byte takes one column.
std::string printable(std::string_view text);

/// The same for JSON text: control characters beyond ASCII, which JSON allows, are escaped.
std::string printable_json(std::string_view json);

/// "2026-05-01T10:20:30Z"; "" of 0 and of times that no calendar has.
std::string utc(std::int64_t seconds_since_epoch);

}  // namespace cni::tool
