#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/netconf.h"
#include "runtime/runtime_conf.h"

namespace cni {

/// What a runtime adds to a plugin's own configuration for one call.
struct PluginInput {
    std::optional<VersionedResult> prev_result;
    Json capability_args;  ///< null when there are none
    /// The attachments GC must keep; nullopt sends no list at all.
    std::optional<std::vector<AttachmentId>> valid_attachments;

    /// The text for stdin: the plugin's keys with the network's name and version, the previous
    /// result and, of the capability arguments, those the plugin declares. Compact, keys sorted.
    /// Throws Error(invalid_config) for a result that its version cannot express.
    std::string text(const NetworkList& list, const PluginConf& plugin) const;
};

}  // namespace cni
