#pragma once

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

/// A plugin that is being executed. Destruction without finish() kills it.
class PluginCall {
public:
    /// `type` is how messages call it. Throws SysError when `executable` cannot be executed.
    static PluginCall start(const std::string& executable,
                            const std::vector<std::string>& environment, std::string_view input,
                            std::string_view type);

    /// Waits for its end, passes its stderr on and returns its stdout. A failed one throws its own
    /// error object unchanged; one that died or printed junk throws Error(internal) saying so, with
    /// its stderr in the details.
    std::string finish();

private:
    PluginCall(Child child, std::string_view type) : child_(std::move(child)), type_(type) {}
    Child child_;
    std::string type_;
};

/// The IPAM plugin of a request, run with the caller's environment and configuration.
class Ipam {
public:
    /// `request` must outlive the object.
    explicit Ipam(const Request& request) : request_(request), type_(request.conf.ipam_type()) {}

    /// False in layer 2: no "ipam.type". Then nothing else may be called.
    bool configured() const { return !type_.empty(); }

    /// Starts to allocate; the caller may do something else before it takes the result. Whoever
    /// fails between the two calls del().
    PluginCall start_add() const { return start("ADD"); }
    /// At least one address. Throws what the plugin reported or why its result cannot be used.
    Result finish_add(PluginCall call) const;

    /// Releases what this attachment holds; succeeds when it holds nothing.
    void del() const { start("DEL").finish(); }
    void check() const { start("CHECK").finish(); }
    void gc() const { start("GC").finish(); }
    void status() const { start("STATUS").finish(); }

private:
    PluginCall start(std::string_view command) const;
    const Request& request_;
    std::string type_;
};

}  // namespace cni
