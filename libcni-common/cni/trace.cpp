#include "cni/trace.h"

#include <stdlib.h>

#include <array>

#include "base/random.h"
#include "base/release.h"
#include "cni/args.h"
#include "cni/json_writer.h"
#include "cni/log_file.h"
#include "cni/traceparent.h"

namespace cni {
namespace {

constexpr const char* file_variable = "CNI_TRACE_FILE";
constexpr std::size_t digits_of_trace = 32, digits_of_span = 16;

// All zeros would be invalid, and do not come up.
std::string draw_id(std::size_t digits) {
    return to_hex(draw_random<std::array<std::uint8_t, digits_of_trace / 2>>()).substr(0, digits);
}

std::string nanoseconds(std::int64_t microseconds) {
    return cat(microseconds, "000");
}

void write_attribute(JsonWriter& out, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out.begin_object().member("key", key).key("value").begin_object();
    out.member("stringValue", value).end_object().end_object();
}

void write_attributes(JsonWriter& out, const Operation& operation) {
    const Request& request = operation.request;
    out.key("attributes").begin_array();
    write_attribute(out, "cni.plugin", operation.plugin);
    write_attribute(out, "cni.command", request.args.command);
    write_attribute(out, "cni.network", request.conf.name);
    write_attribute(out, "cni.container_id", request.args.container_id);
    write_attribute(out, "cni.ifname", request.args.ifname);
    write_attribute(out, "cni.netns", request.args.netns);
    if (operation.error)
        write_attribute(out, "cni.error_code", cat(static_cast<int>(operation.error->code)));
    out.end_array();
}

// Opens the span's object; it began at `start` and took `duration` microseconds.
void begin_span(JsonWriter& out, const SpanContext& context, std::string_view name,
                std::int64_t start, std::int64_t duration) {
    constexpr int internal = 1;
    out.begin_object().member("traceId", context.trace_id).member("spanId", context.id);
    if (!context.parent_id.empty()) out.member("parentSpanId", context.parent_id);
    if (!context.state.empty()) out.member("traceState", context.state);
    out.member("name", name).member("kind", internal);
    out.member("startTimeUnixNano", nanoseconds(start));
    out.member("endTimeUnixNano", nanoseconds(start + duration));
}

void write_status(JsonWriter& out, const Error* error) {
    constexpr int failed = 2;
    if (!error) return;
    out.key("status").begin_object().member("code", failed);
    out.member("message", error->what()).end_object();
}

void write_operation(JsonWriter& out, const Operation& operation, const SpanContext& context) {
    const std::string name = cat(operation.plugin, " ", operation.request.args.command);
    begin_span(out, context, name, operation.time, operation.duration.value_or(0));
    write_attributes(out, operation);
    write_status(out, operation.error);
    out.end_object();
}

// Each begins where the one before it ended, and the last ends with the operation.
void write_steps(JsonWriter& out, const Operation& operation, const SpanContext& context) {
    std::int64_t start = operation.time + operation.duration.value_or(0);
    for (const Step& step : operation.steps) start -= step.microseconds;
    for (const Step& step : operation.steps) {
        const SpanContext of_step{context.trace_id, draw_id(digits_of_span), context.id,
                                  context.state};
        begin_span(out, of_step, step.name, start, step.microseconds);
        out.end_object();
        start += step.microseconds;
    }
}

bool is_sampled(std::string_view traceparent) {
    const char digit = traceparent.back();
    return (digit >= 'a' ? digit - 'a' + 10 : digit - '0') & 1;
}

}  // namespace

std::string span_line(const Operation& operation, const SpanContext& context) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object().key("resourceSpans").begin_array().begin_object();
    out.key("resource").begin_object().key("attributes").begin_array();
    write_attribute(out, "service.name", "cnixx");
    write_attribute(out, "service.version", release);
    out.end_array().end_object();
    out.key("scopeSpans").begin_array().begin_object();
    out.key("scope").begin_object().member("name", "cnixx").end_object();
    out.key("spans").begin_array();
    write_operation(out, operation, context);
    write_steps(out, operation, context);
    out.end_array().end_object().end_array().end_object().end_array();
    return out.end_object().take() + "\n";
}

void OperationTrace::begin() {
    path_ = environment_variable(file_variable);
    if (path_.empty()) return;
    const std::string given = environment_variable("TRACEPARENT");
    const auto parent = parse_traceparent(given);
    if (parent && !is_sampled(*parent)) return;
    SpanContext& context = context_.emplace();
    context.trace_id = parent ? parent->substr(3, digits_of_trace) : draw_id(digits_of_trace);
    context.id = draw_id(digits_of_span);
    if (parent) context.parent_id = parent->substr(36, digits_of_span);
    if (parent) context.state = environment_variable("TRACESTATE");
    ::setenv("TRACEPARENT", cat("00-", context.trace_id, "-", context.id, "-01").c_str(), 1);
}

void OperationTrace::write(const Operation& operation) const {
    if (context_) append_line(path_, file_variable, span_line(operation, *context_));
}

}  // namespace cni
