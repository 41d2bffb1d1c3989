#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cni/trace.h"

namespace cni {

/// A JSON object without line ends and the line end behind it. What is empty is left out.
std::string log_line(const Operation& operation);

/// The line that a plugin appends to the file that "logFile" of the configuration or else
/// CNI_LOG_FILE names (docs/logging.md). Without a file it only knows the steps.
class OperationLog {
public:
    explicit OperationLog(std::string_view plugin) : plugin_(plugin) {}
    OperationLog(const OperationLog&) = delete;
    OperationLog& operator=(const OperationLog&) = delete;

    /// Finds the file and begins to time. Returns what `request` marks its steps in: part of this
    /// object. Throws Error(invalid_config) when "logFile" is no absolute path; to what
    /// removes, DEL and GC, that is a warning.
    Steps* start(const Request& request);

    /// The operation goes on without an AttachmentLock, for this reason; "" for none.
    void note_unlocked(const std::string& reason) { unlocked_ = reason; }

    /// Writes the line, and the span of a trace (cni/trace.h) where that is asked for; `error` is
    /// null after success. A file that cannot be written is a warning.
    /// Operations that failed before they could be started are logged where CNI_LOG_FILE says.
    void finish(const Request& request, const Error* error) noexcept;

    /// The last step that began; "" before the first.
    std::string_view last_step() const;

private:
    void write_line(Operation operation);
    std::string_view plugin_;
    std::string path_;
    std::string traceparent_;  ///< as it was given: what this process starts may get another
    OperationTrace trace_;
    std::string unlocked_;
    std::int64_t time_ = 0;
    std::optional<Steps> steps_;
};

}  // namespace cni
