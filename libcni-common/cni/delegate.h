#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cni/plugin.h"
#include "cni/result.h"
#include "sys/process.h"

namespace cni {

/// Finds the executable of plugin `type` in the directories of `path` (colon separated): the first
/// regular file that may be executed. Throws Error(invalid_config) for a name with a separator,
/// Error(plugin_not_available... internal) naming the directories when there is none.
std::string find_plugin(std::string_view type, std::string_view path);

/// The environment of this process with the CNI_* variables given replaced ("NAME=value").
std::vector<std::string> child_environment(const std::vector<std::string>& replacements);

/// Executes a plugin and waits; its stderr is passed on to ours. Returns its stdout.
/// A failed one throws its own error object unchanged; one that died or printed junk throws
/// Error(internal) saying so, with its stderr in the details.
std::string exec_plugin(const std::string& executable, const std::vector<std::string>& environment,
                        std::string_view input, std::string_view type);

/// The IPAM plugin of a request, run with the caller's environment and configuration.
class Ipam {
public:
    /// `request` must outlive the object. Finds nothing yet.
    explicit Ipam(const Request& request) : request_(request) {}

    /// False in layer 2: no "ipam.type". Then nothing else may be called.
    bool configured() const { return !request_.conf.ipam_type.empty(); }

    /// Allocates addresses; at least one. A result that cannot be used is released again.
    Result add() const;
    /// Releases what this attachment holds; succeeds when it holds nothing.
    void del() const { exec("DEL"); }
    void check() const { exec("CHECK"); }
    void gc() const { exec("GC"); }
    void status() const { exec("STATUS"); }

private:
    std::string exec(std::string_view command) const;
    const Request& request_;
};

}  // namespace cni
