#include "cni/log.h"

#include <algorithm>
#include <chrono>

#include "base/release.h"
#include "base/warn.h"
#include "cni/json_writer.h"
#include "cni/log_file.h"
#include "cni/traceparent.h"

namespace cni {
namespace {

namespace chrono = std::chrono;

std::int64_t now() {
    const auto time = chrono::system_clock::now().time_since_epoch();
    return chrono::duration_cast<chrono::microseconds>(time).count();
}

std::string padded(std::int64_t number, std::size_t width) {
    const std::string digits = cat(number);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
}

// As RFC 3339 has it: "2026-11-21T09:05:03.000120Z".
std::string utc(std::int64_t microseconds) {
    const chrono::sys_time<chrono::microseconds> time{chrono::microseconds(microseconds)};
    const auto midnight = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date(midnight);
    const chrono::hh_mm_ss clock(time - midnight);
    return cat(padded(static_cast<int>(date.year()), 4), "-",
               padded(static_cast<unsigned>(date.month()), 2), "-",
               padded(static_cast<unsigned>(date.day()), 2), "T", padded(clock.hours().count(), 2),
               ":", padded(clock.minutes().count(), 2), ":", padded(clock.seconds().count(), 2),
               ".", padded(clock.subseconds().count(), 6), "Z");
}

void write_text(JsonWriter& out, std::string_view key, std::string_view value) {
    if (!value.empty()) out.member(key, value);
}

void write_error(JsonWriter& out, const Error& error) {
    out.key("error").begin_object();
    out.member("code", static_cast<int>(error.code)).member("msg", error.msg);
    write_text(out, "details", error.details);
    out.end_object();
}

void write_steps(JsonWriter& out, std::span<const Step> steps) {
    out.key("steps").begin_array();
    for (const Step& step : steps)
        out.begin_object().member("name", step.name).member("us", step.microseconds).end_object();
    out.end_array();
}

std::string configured_path(const Request& request) {
    try {
        const auto key = request.conf.json.find("logFile");
        if (!key) return {};
        std::string path = key->as_string();
        if (!path.empty() && !path.starts_with('/')) throw key->invalid("must be an absolute path");
        return path;
    } catch (const Error& error) {
        // A mistake in the configuration must not keep a container from being deleted.
        if (request.args.command != "DEL" && request.args.command != "GC") throw;
        warn(error.what());
        return {};
    }
}

}  // namespace

std::string log_line(const Operation& operation) {
    const Request& request = operation.request;
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object()
        .member("time", utc(operation.time))
        .member("plugin", operation.plugin)
        .member("version", release)
        .member("command", request.args.command);
    write_text(out, "network", request.conf.name);
    write_text(out, "container", request.args.container_id);
    write_text(out, "ifname", request.args.ifname);
    write_text(out, "netns", request.args.netns);
    write_text(out, "traceparent", operation.traceparent);
    out.member("outcome", operation.error ? "failure" : "success");
    if (operation.error) write_error(out, *operation.error);
    write_text(out, "unlocked", operation.unlocked);
    if (operation.duration) out.member("durationUs", *operation.duration);
    if (!operation.steps.empty()) write_steps(out, operation.steps);
    return out.end_object().take() + "\n";
}

Steps* OperationLog::start(const Request& request) {
    path_ = configured_path(request);
    if (path_.empty()) path_ = environment_variable("CNI_LOG_FILE");
    traceparent_ = environment_variable("TRACEPARENT");
    trace_.begin();
    time_ = now();
    return &steps_.emplace();
}

std::string_view OperationLog::last_step() const {
    return steps_ && !steps_->list().empty() ? steps_->list().back().name : std::string_view();
}

void OperationLog::finish(const Request& request, const Error* error) noexcept {
    const auto attempt = [](const auto& write) {
        try {
            write();
        } catch (...) {
            warn({"log: ", current_error_text()});
        }
    };
    Operation operation{.plugin = plugin_, .request = request, .time = time_, .error = error};
    if (steps_) {
        operation.duration = steps_->end();
        operation.steps = steps_->list();
    }
    attempt([&] { write_line(operation); });
    attempt([&] { trace_.write(operation); });
}

void OperationLog::write_line(Operation operation) {
    if (!steps_ && operation.error) {
        path_ = environment_variable("CNI_LOG_FILE");
        traceparent_ = environment_variable("TRACEPARENT");
        operation.time = now();
    }
    if (path_.empty()) return;
    operation.traceparent = parse_traceparent(traceparent_).value_or("");
    operation.unlocked = unlocked_;
    append_line(path_, "CNI_LOG_FILE", log_line(operation));
}

}  // namespace cni
