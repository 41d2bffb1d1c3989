#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cni::tool {

/// What `cnitool install` is told.
struct InstallOptions {
    std::string source;             ///< the folder of the plugins
    std::vector<std::string> only;  ///< of them; none: all
    std::string bin_dir, conf_dir;  ///< of the host
    std::string conflist;           ///< file of a ConflistTemplate; "": none is put there
    std::string pod_cidr;           ///< as parse_pod_cidrs() takes it; "": not told
    std::string pod_cidr_file;      ///< of such a text; "": none
    std::string api_socket, node;   ///< as await_pod_cidrs() takes them; "": not asked
    bool replaces_newer = false;
};

/// Puts the plugins in place and then, when all that it names are there, the conflist. Throws
/// Error(unsupported_field) before anything is done when a plugin that is there is newer than ours;
/// else what stops it. What is in place by then stays, and is the beginning of the next one.
void install(const InstallOptions& options);

/// What of it is not in place, a sentence each; none when all is.
std::vector<std::string> missing(const InstallOptions& options);

/// Takes the conflists away, puts back the plugins that were there before and then the conflists.
/// What somebody else has put in their place since stays, and is told on stderr.
void uninstall(const std::string& bin_dir, const std::string& conf_dir);

}  // namespace cni::tool
