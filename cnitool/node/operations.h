#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace cni::tool {

/// One kind of operation of the log (docs/logging.md).
struct OperationKind {
    std::string plugin, command;
    bool failed = false;
    auto operator<=>(const OperationKind&) const = default;
};

/// What the log tells of one kind.
struct OperationTotals {
    std::uint64_t count = 0;
    std::uint64_t timed = 0;         ///< those that tell how long they took
    std::uint64_t microseconds = 0;  ///< all of these together
};

/// All that a log file tells; lines that make no sense are passed over. The file is read once, a
/// piece at a time. Throws SysError.
std::map<OperationKind, OperationTotals> read_operations(const std::string& path);

}  // namespace cni::tool
