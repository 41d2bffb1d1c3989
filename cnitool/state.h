#pragma once

#include "command_line.h"
#include "node/attachments.h"

namespace cni::tool {

constexpr Option cache_option{0, "cache", "DIR",
                              "look into this cache of results as well; may be repeated"};
constexpr Option data_dir_option{0, "data-dir", "DIR",
                                 "look into this directory of leases as well; may be repeated"};
constexpr Option output_option{'o', "output", "FORMAT", "table (default) or json"};

/// Where to look: where the runtimes keep results and host-local keeps leases unless they are told
/// otherwise, where the networks of NETCONFPATH keep theirs, and what the options say.
StateFolders state_folders(const CommandLine& line);

/// Whether JSON is asked for. Throws Error for a format that nobody knows.
bool wants_json(const CommandLine& line);

/// The network that is the first operand, "" without one. Throws Error for what is no name of any.
std::string network_operand(const CommandLine& line);

/// Prints each on stderr.
void print_problems(const std::vector<std::string>& problems);

}  // namespace cni::tool
