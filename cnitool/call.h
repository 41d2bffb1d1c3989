#pragma once

#include <memory>
#include <string>

#include "command_line.h"
#include "runtime/runtime.h"

namespace cni::tool {

constexpr Option ifname_option{'i', "ifname", "NAME",
                               "interface in the container, over CNI_IFNAME"};
constexpr Option time_option{0, "time", "", "print on stderr what each plugin took"};

/// An environment variable; `otherwise` when it is unset or empty.
std::string variable_or(const char* name, const char* otherwise);
/// NETCONFPATH: the directory of configuration files.
std::string conf_dir();

/// The container id that stands for a namespace path: "cnitool-" and 20 hex digits.
std::string container_id_of(std::string_view netns);
/// `path` made absolute and cleaned of "." and ".." by its text alone. Throws Error for "".
std::string absolute_path(const std::string& path);

/// What a command works on, from its operands, options and the environment.
struct Call {
    NetworkList list;
    RuntimeConf conf;
    Runtime runtime;
    std::shared_ptr<const std::size_t> successes;  ///< of plugins, until now

    /// For NETWORK NETNS: loads the configuration first, so that its errors come first.
    static Call attachment(const CommandLine& line);
    /// For NETWORK and a namespace that no operand names.
    static Call attachment(const CommandLine& line, const std::string& netns);
    /// For NETWORK alone.
    static Call network(const CommandLine& line);
};

/// A runtime on CNI_PATH that prints the time of every plugin on stderr when --time says so, and
/// counts those that succeed, if somebody wants to know.
Runtime make_runtime(const CommandLine& line, const std::shared_ptr<std::size_t>& successes = {});

}  // namespace cni::tool
