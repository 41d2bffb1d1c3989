#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// How a plugin is executed.
struct PluginCommand {
    std::string executable;
    std::vector<std::string> environment;
    std::string type;           ///< how messages call it
    std::chrono::seconds time;  ///< it may take
    int inherited = -1;         ///< as of Child::spawn
};

/// A plugin that is being executed. Destruction without finish() kills it.
class PluginCall {
public:
    /// Throws SysError when there can be no process.
    explicit PluginCall(PluginCommand command);

    /// Its configuration, for which it waits: once.
    void give(std::string_view input);

    /// What it has printed when it closes its stdout, which counts once finish() has returned.
    /// Throws what Child::wait does.
    std::string await_output();

    /// Waits for its end, passes its stderr on and returns its stdout. A failed one throws its own
    /// error object unchanged, as ReportedError; one that died or printed junk throws
    /// Error(internal) saying so, with its stderr in the details. Throws what Child::wait does.
    std::string finish();

private:
    template <typename F>
    auto when_installed(F&& wait);
    PluginCommand command_;
    std::string input_;
    std::optional<Child> child_;
};

/// The process of a plugin that is known to read its configuration before it does anything: it may
/// be made as soon as it is likely to be wanted, and waits until it is told what to do.
class PreparedCall {
public:
    /// `make(command)` returns a PluginCall. Where there can be no process, nothing happens:
    /// whoever takes it meets that in its turn.
    template <typename Make>
    void prepare(std::string_view command, const Make& make) {
        try {
            call_.emplace(make(command));
            command_ = command;
        } catch (const Error&) {
        }
    }
    /// That process if it was made for this command, or a new one.
    template <typename Make>
    PluginCall take(std::string_view command, const Make& make) {
        auto prepared = std::exchange(call_, std::nullopt);
        return prepared && command_ == command ? std::move(*prepared) : make(command);
    }

private:
    std::string command_;
    std::optional<PluginCall> call_;
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

    /// Has its process made for this command, which may come, if it is one of those that wait.
    void prepare(std::string_view command);

    /// Its result is of the request's version, unless it says another. Throws what it reported, or
    /// why its result cannot be used.
    Result add(std::string_view config);
    /// Any other command.
    void run(std::string_view command, std::string_view config) { start(command, config).finish(); }

private:
    PluginCall make(std::string_view command) const;
    PluginCall start(std::string_view command, std::string_view config);
    const Request& request_;
    std::string type_, executable_;
    PreparedCall prepared_;
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

    /// Has its process made for this command, which may come, if it is one of those that wait.
    void prepare(std::string_view command);

    /// An ADD that has been started: the caller may do something else before it takes the result.
    class Allocation;
    Allocation start_add();

    /// Releases what this attachment holds; succeeds when it holds nothing.
    void del() { run("DEL"); }
    void check() { run("CHECK"); }
    void gc() { run("GC"); }
    void status() { run("STATUS"); }

private:
    bool waits_for_input() const { return type_ == "host-local" || type_ == "static"; }
    PluginCall make(std::string_view command) const;
    PluginCall start(std::string_view command);
    void run(std::string_view command);
    const Request& request_;
    std::string type_;
    PreparedCall prepared_;
};

class Ipam::Allocation {
public:
    /// `ipam` must outlive the object.
    Allocation(Ipam& ipam, PluginCall call) : ipam_(ipam), call_(std::move(call)) {}

    /// At least one address, once. The plugin may not have ended yet. Throws what it reported or
    /// why its result cannot be used.
    Result finish();
    /// Waits for the end of the plugin, if finish() has not. Throws when it has failed after all.
    void confirm();
    /// Whether the plugin reported an error. Waits for its end, before finish() or after.
    bool refused();
    /// The plugin's DEL.
    void release() { ipam_.del(); }

private:
    std::string await_output();
    std::string wait();
    Result read(const std::string& output) const;
    Ipam& ipam_;
    std::optional<PluginCall> call_;  ///< until it was waited for
    bool refused_ = false;
};

}  // namespace cni
