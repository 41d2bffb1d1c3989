#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace cni::test {

/// Where the build put the executables; or, named by CNIXX_BIN, a folder of others, or, by
/// CNIXX_SANITIZED_BIN, of others that were built with the sanitizers.
std::string bin_dir();
/// Whether the executables there have sanitizers in them.
bool is_sanitized();
/// Where the distribution's package containernetworking-plugins puts its own; nullopt when it is
/// not installed.
std::optional<std::string> reference_dir();

/// The CNI environment of one call. nullopt leaves the variable out.
struct PluginArgs {
    std::optional<std::string> container_id = "c1";
    std::optional<std::string> netns = {};
    std::optional<std::string> ifname = "eth0";
    std::optional<std::string> args = {};
    std::optional<std::string> path = bin_dir();
    /// Further "NAME=value" entries.
    std::vector<std::string> environment = {};
    /// The folder the executable itself is taken from.
    std::string executables = bin_dir();
};

/// One finished call of a plugin.
struct PluginRun : Finished {
    /// stdout as JSON. Throws nlohmann::json::parse_error when it is none.
    nlohmann::json json() const;
    /// "code" of the error object, 0 after success; -1 when stdout is no error object.
    int error_code() const;
    /// "msg" of the error object; stdout itself when it is none.
    std::string error_message() const;
    /// Exit status, stdout and stderr: for `<<` behind an expectation.
    std::string report() const;
};

/// What the programs under test get of this process's environment: PATH, what the sanitizers read,
/// and CNI_AWAIT_KERNEL.
std::vector<std::string> passed_on();

/// The program of one call: nothing else in its environment but the CNI variables.
Program plugin_program(const std::string& name, const std::string& command, const PluginArgs& args,
                       const std::string& config);

/// Runs a plugin ("bridge") with a command ("ADD", "" for no CNI_COMMAND) and `config` on stdin.
PluginRun run_plugin(const std::string& name, const std::string& command, const PluginArgs& args,
                     const std::string& config);

/// Waits for a plugin that was started with Process::start(plugin_program(...)).
PluginRun wait_for_plugin(Process& process);

}  // namespace cni::test
