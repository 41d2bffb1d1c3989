#pragma once

#include <optional>
#include <string>
#include <vector>

#include "side.h"

namespace cni::dhcp {

/// What `dhcp daemon` is told.
struct CommandLine {
    std::string pid_file;     ///< "": none
    std::string socket_path;  ///< with the prefix
    std::string state_dir;    ///< where leases are kept
    std::string host_prefix;
    bool broadcast = false;
    Manners manners;
};

/// The words behind "daemon". nullopt when they cannot be understood: the usage is on stderr then,
/// behind what is wrong.
std::optional<CommandLine> parse_command_line(const std::vector<std::string>& words);

}  // namespace cni::dhcp
