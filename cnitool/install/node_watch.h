#pragma once

#include <string>

#include "pod_cidrs.h"

namespace cni::tool {

/// What a node's pods get addresses of, as soon as Kubernetes has given it that.
///
/// Asks the API in plain HTTP through a socket of the local domain, behind which `kubectl proxy
/// --unix-socket=...` speaks TLS and is who it is allowed to be: nothing here does. One request
/// watches the one node, whose present state comes first. Waits a minute for the socket, for the
/// answer as long as it takes. Throws Error(try_again_later) when the connection ends before,
/// Error(invalid_environment) for what cannot be the name of a node, Error(plugin_not_available)
/// for what the API refuses.
PodCidrs await_pod_cidrs(const std::string& socket_path, const std::string& node);

}  // namespace cni::tool
