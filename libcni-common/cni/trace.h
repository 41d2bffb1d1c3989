#pragma once

#include <optional>
#include <string>

#include "cni/operation.h"

namespace cni {

/// What a span is told by: ids in hex, as of W3C Trace Context.
struct SpanContext {
    std::string trace_id;   ///< 32 digits
    std::string id;         ///< 16 digits
    std::string parent_id;  ///< 16 digits; "" for the first span of a trace
    std::string state;      ///< TRACESTATE as it was; "" for none
};

/// The span of an operation, and one of each of its steps below it: a line of JSON with its end, an
/// ExportTraceServiceRequest in the JSON encoding of OTLP 1.
std::string span_line(const Operation& operation, const SpanContext& context);

/// What is told of an operation in the file that CNI_TRACE_FILE names (docs/logging.md).
class OperationTrace {
public:
    /// Makes the operation a span of the trace that TRACEPARENT names, or of a new one, and the
    /// parent of what the programs tell that this one starts: TRACEPARENT in its environment.
    /// Nothing is done where no file is named, or TRACEPARENT says that the trace is not sampled.
    void begin();
    /// Appends the line to the file; without begin() nothing. Throws Error, SysError.
    void write(const Operation& operation) const;

private:
    std::string path_;
    std::optional<SpanContext> context_;
};

}  // namespace cni
