#include "cni/delegate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <limits>
#include <utility>

#include "base/contains.h"
#include "base/file.h"
#include "base/warn.h"

namespace cni {
namespace {

// The errno that keeps this process from executing a file; 0 when nothing does, ENOENT when there
// is no regular file.
int obstacle_to_executing(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0) return errno == ENOTDIR ? ENOENT : errno;
    if (!S_ISREG(status.st_mode)) return ENOENT;
    return obstacle_to(X_OK, path);
}

// As much of a plugin's output as a message bears.
std::string_view excerpt(const std::string& text) {
    return trim(std::string_view(text).substr(0, 1000));
}

Error silent_failure(const Exit& exit, std::string_view reason) {
    const auto diagnostics = excerpt(exit.diagnostics);
    return Error(Code::internal,
                 cat("netplugin failed",
                     diagnostics.empty() ? " with no error message" : cat(": ", quote(diagnostics)),
                     ": ", exit.reason()),
                 std::string(reason));
}

// An error object; without a code, or with 0, it is an internal error.
ReportedError read_error(const Json& object) {
    if (!object.is_object()) throw object.invalid("must be an object");
    const auto code = object.int_or("code", 0, std::numeric_limits<int>::max(), 0);
    return {code == 0 ? Code::internal : static_cast<Code>(code), object.string_or("msg", ""),
            object.string_or("details", "")};
}

// nullopt when it has no message. Throws Error when it is none.
std::optional<ReportedError> find_error(const std::string& output) {
    if (trim(output).empty()) return {};
    ReportedError error = read_error(Json::parse(output, "not an error object"));
    if (error.msg.empty()) return {};
    return error;
}

// As the error it means.
[[noreturn]] void throw_failure(const Exit& exit, std::string_view type) {
    const std::string reason = cat("plugin ", quote(type), " ended with ", exit.reason());
    std::optional<ReportedError> reported;
    try {
        reported = find_error(exit.output);
    } catch (const Error& problem) {
        const auto diagnostics = excerpt(exit.diagnostics);
        throw Error(Code::internal,
                    cat("netplugin failed but error parsing its diagnostic message ",
                        quote(excerpt(exit.output)), ": ", problem.msg),
                    cat(reason, diagnostics.empty() ? "" : "; stderr: ", diagnostics));
    }
    if (!reported) throw silent_failure(exit, reason);
    throw ReportedError(*reported);
}

// `who` has printed it.
Result read_result(const std::string& text, std::string_view version, const std::string& who) {
    try {
        return Result::parse(Json::parse(text, "failed to unmarshal raw result"), version);
    } catch (const Error& error) {
        // The configuration is not at fault, whatever the code says.
        throw Error(Code::internal, error.msg,
                    cat("printed by ", who, error.details.empty() ? "" : ": ", error.details));
    }
}

}  // namespace

std::string find_plugin(std::string_view type, std::string_view path) {
    if (type.empty()) throw Error(Code::invalid_config, "no plugin name provided");
    // A separator would run a program from anywhere (CVE-2021-20206).
    if (type.find('/') != type.npos || type.find('\0') != type.npos)
        throw Error(Code::invalid_config, cat("invalid plugin name: ", type),
                    "a plugin is named by a file name without \"/\"");
    if (path.empty())
        throw Error(Code::invalid_environment, "no paths provided",
                    "CNI_PATH is not set: it must name the directories of the plugins, like "
                    "/opt/cni/bin");
    std::vector<std::string> unusable;
    for (const auto directory : split(path, ':')) {
        std::string candidate = cat(directory.empty() ? "." : directory, "/", type);
        const int obstacle = obstacle_to_executing(candidate);
        if (obstacle == 0) return candidate;
        if (obstacle != ENOENT)
            unusable.push_back(cat("execute ", candidate, ": ", errno_text(obstacle)));
    }
    throw Error(
        Code::internal,
        cat("failed to find plugin ", quote(type), " in path [", join(split(path, ':'), " "), "]"),
        unusable.empty() ? "install it there or add its directory to CNI_PATH"
                         : join(unusable, "; "));
}

std::vector<std::string> child_environment(const std::vector<std::string>& replacements) {
    std::vector<std::string> out = replacements;
    const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
    for (char** entry = environ; *entry; ++entry) {
        bool replaced = false;
        for (const std::string& replacement : replacements)
            replaced = replaced || name_of(replacement) == name_of(*entry);
        if (!replaced) out.emplace_back(*entry);
    }
    return out;
}

PluginCall::PluginCall(PluginCommand command)
    : command_(std::move(command)),
      child_(Child::spawn({command_.executable}, command_.environment, {.time = command_.time},
                          command_.inherited)) {}

void PluginCall::give(std::string_view input) {
    input_ = input;
    child_->give(input_);
}

// The kernel refuses to execute a file that is being written, by an installer say, and tells
// nobody when it is done.
template <typename F>
auto PluginCall::when_installed(F&& wait) {
    for (int attempt = 0;; ++attempt) {
        try {
            return wait();
        } catch (const SysError& error) {
            if (error.error != ETXTBSY || attempt == 50) throw;
        }
        const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
        ::nanosleep(&pause, nullptr);
        PluginCall again(command_);
        again.give(input_);
        child_.emplace(*std::move(again.child_));
    }
}

std::string PluginCall::await_output() {
    return when_installed([this] { return child_->await_output(); });
}

std::string PluginCall::finish() {
    const Exit exit = when_installed([this] { return child_->wait(); });
    if (!exit.diagnostics.empty()) warn(trim(exit.diagnostics));
    if (!exit.success()) throw_failure(exit, command_.type);
    return exit.output;
}

// The request may be about another attachment, or namespace, than this process was called for.
PluginCall Delegate::make(std::string_view command) const {
    const Args& args = request_.args;
    return PluginCall(
        {executable_,
         child_environment({cat("CNI_COMMAND=", command),
                            cat("CNI_CONTAINERID=", args.container_id),
                            cat("CNI_IFNAME=", args.ifname), cat("CNI_NETNS=", args.netns)}),
         type_, delegate_time, request_.lock});
}

void Delegate::prepare(std::string_view command) {
    constexpr std::string_view waiting[] = {"bridge", "ptp", "macvlan",     "ipvlan",
                                            "vlan",   "tap", "host-device", "dummy"};
    if (contains(waiting, type_))
        prepared_.prepare(command, [this](std::string_view its) { return make(its); });
}

PluginCall Delegate::start(std::string_view command, std::string_view config) {
    request_.step("run delegate");
    PluginCall call = prepared_.take(command, [this](std::string_view its) { return make(its); });
    call.give(config);
    return call;
}

Result Delegate::add(std::string_view config) {
    PluginCall plugin = start("ADD", config);
    return read_result(plugin.finish(), request_.conf.cni_version, cat("plugin ", quote(type_)));
}

PluginCall Ipam::make(std::string_view command) const {
    return PluginCall({find_plugin(type_, request_.args.path),
                       child_environment({cat("CNI_COMMAND=", command)}), type_, ipam_time,
                       request_.lock});
}

void Ipam::prepare(std::string_view command) {
    if (waits_for_input())
        prepared_.prepare(command, [this](std::string_view its) { return make(its); });
}

PluginCall Ipam::start(std::string_view command) {
    PluginCall call = prepared_.take(command, [this](std::string_view its) { return make(its); });
    call.give(request_.conf.text);
    return call;
}

void Ipam::run(std::string_view command) {
    if (!configured()) return;
    request_.step("run IPAM");
    start(command).finish();
}

Ipam::Allocation Ipam::start_add() {
    request_.step("start IPAM");
    return {*this, start("ADD")};
}

// Killed when waiting for it fails: it must not take anything once that was released.
std::string Ipam::Allocation::await_output() {
    try {
        return call_->await_output();
    } catch (...) {
        call_.reset();
        throw;
    }
}

std::string Ipam::Allocation::wait() {
    PluginCall call = *std::exchange(call_, std::nullopt);
    try {
        return call.finish();
    } catch (const ReportedError&) {
        refused_ = true;
        throw;
    }
}

Result Ipam::Allocation::read(const std::string& output) const {
    const std::string who = cat("IPAM plugin ", quote(ipam_.type_));
    Result result = read_result(output, ipam_.request_.conf.cni_version, who);
    if (result.ips.empty())
        throw Error(Code::internal, "IPAM plugin returned missing IP config", who);
    return result;
}

// What it has printed is taken before it has ended, which takes the kernel a while.
Result Ipam::Allocation::finish() {
    ipam_.request_.step("await IPAM");
    const std::string early = await_output();
    try {
        return read(early);
    } catch (const Error&) {
        return read(wait());  // how it ends says why
    }
}

void Ipam::Allocation::confirm() {
    if (call_) wait();
}

bool Ipam::Allocation::refused() {
    try {
        if (call_) wait();
    } catch (...) {
        // What the caller failed for is reported.
    }
    return refused_;
}

}  // namespace cni
