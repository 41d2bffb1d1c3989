#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "netlink/link.h"

namespace cni {

/// STATUS: has `body` make in an empty network namespace, in which `scratch` is a socket, what an
/// ADD would make on the host. The process stays in that namespace, which goes with it, so this
/// comes last. Throws Error(plugin_not_available) with what the kernel refuses.
void rehearse(const std::function<void(Rtnl& scratch)>& body);

/// For what is made on a parent: makes one, with this MTU in bytes, 0: the kernel's choice.
Link make_scratch_parent(Rtnl& scratch, std::uint32_t mtu);

/// Throws Error(plugin_not_available) when there is a problem.
void require_none(const std::optional<std::string>& problem);

}  // namespace cni
