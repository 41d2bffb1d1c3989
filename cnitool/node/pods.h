#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "attachments.h"

namespace cni::tool {

/// The ids of the sandboxes in what `crictl pods -o json` prints, of whatever state: a pod that is
/// not ready may still have its network. Throws Error(invalid_config) for what is anything else, of
/// which nothing may be deleted: one entry that cannot be understood is one that may live.
std::vector<std::string> parse_pods(std::string_view text);

/// What GC has to spare when these are the sandboxes of the node.
struct SparedByPods {
    std::vector<AttachmentId> valid;  ///< all of it
    /// Of those, what the pods do not name and what lives all the same, or has only just begun to:
    /// a sentence about each.
    std::vector<std::string> reasons;
};
/// `node` is all that is known of the node, `network` the one that is looked at, `now` in s since
/// the epoch.
SparedByPods spared_by(const std::vector<std::string>& pods, const NodeAttachments& node,
                       std::string_view network, std::time_t now);

}  // namespace cni::tool
