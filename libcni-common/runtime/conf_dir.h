#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/netconf.h"

namespace cni {

/// Names of the files of a directory that end in one of `extensions` (".conf"), sorted bytewise;
/// directories are left out. A missing directory has none. Throws SysError.
std::vector<std::string> conf_files(const std::string& dir,
                                    std::initializer_list<std::string_view> extensions);

/// The content of a configuration file; empty text for a FIFO nobody writes to. Throws SysError,
/// Error(io_failure) for more than max_json_size bytes.
std::string read_conf(const std::string& dir, const std::string& file);

/// No file of a configuration directory has the network.
class NoNetwork : public Error {
public:
    using Error::Error;
};

/// The network called `name` in a configuration directory, with the plugins of its folder: lists
/// (.conflist) first, then single configurations (.conf, .json), each in the order of file names.
/// A broken file that is before it is passed over, which is said on stderr, unless it mentions the
/// name: that may be the network, and what is wrong with it is thrown, naming the file. Throws
/// NoNetwork with what the broken files are in its details.
NetworkList load_network(const std::string& dir, std::string_view name);

}  // namespace cni
