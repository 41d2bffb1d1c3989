#pragma once

#include <functional>
#include <optional>
#include <string>

#include "netlink/link.h"

namespace cni {

/// STATUS: has `body` make in an empty network namespace, in which `scratch` is a socket, what an
/// ADD would make on the host. The process stays in that namespace, which goes with it, so this
/// comes last. Throws Error(plugin_not_available) with what the kernel refuses.
void rehearse(const std::function<void(Rtnl& scratch)>& body);

/// The same of a link on a parent: `link` is without name and parent.
void rehearse_on_parent(NewLink link);

/// Throws Error(plugin_not_available) when there is a problem.
void require_none(const std::optional<std::string>& problem);

}  // namespace cni
