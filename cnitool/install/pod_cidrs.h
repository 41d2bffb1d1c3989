#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cni/json.h"
#include "net/ip.h"

namespace cni::tool {

/// The networks of which a node gives its pods addresses: one, or one of each family.
using PodCidrs = std::vector<Prefix>;

/// "10.244.3.0/24", or several with commas or white space between them; none in empty text. `what`
/// is how errors call the text. Throws Error(invalid_config).
PodCidrs parse_pod_cidrs(std::string_view text, std::string_view what);

/// Of a Node of Kubernetes: its spec.podCIDRs, or spec.podCIDR of a server that knows no other.
/// None while it has been given none. Throws Error(invalid_config).
PodCidrs pod_cidrs_of(const Json& node);

}  // namespace cni::tool
