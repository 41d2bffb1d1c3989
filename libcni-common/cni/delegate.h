#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cni/plugin.h"
#include "cni/result.h"
#include "sys/process.h"

namespace cni {

/// Finds the executable of plugin `type` in the directories of `path` (colon separated): the first
/// regular file that may be executed. Throws Error(invalid_config) for a name that is empty or has
/// a separator, Error(internal) naming the directories when there is none.
std::string find_plugin(std::string_view type, std::string_view path);

/// The environment of this process with some variables replaced ("NAME=value").
std::vector<std::string> child_environment(const std::vector<std::string>& replacements);

/// The error object that a plugin printed: it has undone itself.
class ReportedError : public Error {
public:
    using Error::Error;
};

/// A plugin that is being executed. Destruction without finish() kills it.
class PluginCall {
public:
    /// `type` is how messages call it; `inherited` as of Child::spawn. Throws SysError when
    /// `executable` cannot be executed.
    static PluginCall start(const std::string& executable,
                            const std::vector<std::string>& environment, std::string_view input,
                            std::string_view type, std::chrono::seconds time, int inherited = -1);

    /// Waits for its end, passes its stderr on and returns its stdout. A failed one throws its own
    /// error object unchanged, as ReportedError; one that died or printed junk throws
    /// Error(internal) saying so, with its stderr in the details. Throws what Child::wait does.
    std::string finish();

private:
    PluginCall(Child child, std::string_view type) : child_(std::move(child)), type_(type) {}
    Child child_;
    std::string type_;
};

/// How long an IPAM plugin may take: less than runtimes wait for the whole of an operation, so that
/// there is time left to undo it.
constexpr std::chrono::seconds ipam_time{90};
/// How long a plugin may take that itself runs an IPAM plugin.
constexpr std::chrono::seconds delegate_time = ipam_time + std::chrono::seconds(20);

/// Another plugin that does what a request asks for, with a configuration of its own.
class Delegate {
public:
    /// Throws what find_plugin() does. `request` must outlive the object.
    Delegate(const Request& request, std::string type)
        : request_(request),
          type_(std::move(type)),
          executable_(find_plugin(type_, request.args.path)) {}

    /// Its result is of the request's version, unless it says another. Throws what it reported, or
    /// why its result cannot be used.
    Result add(std::string_view config) const;
    /// Any other command.
    void run(std::string_view command, std::string_view config) const { call(command, config); }

private:
    std::string call(std::string_view command, std::string_view config) const;
    const Request& request_;
    std::string type_, executable_;
};

/// The IPAM plugin of a request, run with the caller's environment and configuration.
class Ipam {
public:
    /// `request` must outlive the object.
    explicit Ipam(const Request& request) : request_(request), type_(request.conf.ipam_type()) {}

    /// False in layer 2: no "ipam.type". Then there is no ADD, and the other commands do nothing.
    bool configured() const { return !type_.empty(); }

    /// It talks over the container's interface: its ADD comes once that is there, its DEL while it
    /// still is.
    bool needs_link() const { return type_ == "dhcp"; }

    /// An ADD that has been started: the caller may do something else before it takes the result.
    class Allocation;
    Allocation start_add() const;

    /// Releases what this attachment holds; succeeds when it holds nothing.
    void del() const { run("DEL"); }
    void check() const { run("CHECK"); }
    void gc() const { run("GC"); }
    void status() const { run("STATUS"); }

private:
    PluginCall start(std::string_view command) const;
    void run(std::string_view command) const;
    const Request& request_;
    std::string type_;
};

class Ipam::Allocation {
public:
    /// `ipam` must outlive the object.
    Allocation(const Ipam& ipam, PluginCall call) : ipam_(ipam), call_(std::move(call)) {}

    /// At least one address, once. Throws what the plugin reported or why its result cannot be
    /// used.
    Result finish();
    /// Whether the plugin reported an error. Waits for its end, before finish() or after.
    bool refused();
    /// The plugin's DEL.
    void release() { ipam_.del(); }

private:
    std::string wait();
    const Ipam& ipam_;
    std::optional<PluginCall> call_;  ///< until it was waited for
    bool refused_ = false;
};

}  // namespace cni
