#pragma once

#include <vector>

#include "cni/plugin.h"
#include "netfilter/owner.h"

namespace cni {

/// Whose rules those are that a call makes or removes.
Owner owner_of(const Request& request);

/// The owners of the network that GC has to spare.
std::vector<Owner> owners_of(const std::string& network,
                             const std::vector<AttachmentId>& attachments);

}  // namespace cni
