#pragma once

#include <string>
#include <vector>

namespace cni::bench {

/// One execution of a plugin.
struct Call {
    std::string executable;
    std::vector<std::string> environment;  ///< "NAME=value"
    std::string config;                    ///< stdin
};

}  // namespace cni::bench
