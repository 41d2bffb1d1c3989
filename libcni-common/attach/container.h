#pragma once

#include "cni/plugin.h"
#include "netlink/link.h"
#include "sys/netns.h"

namespace cni {

/// The namespace of CNI_NETNS, for ADD and CHECK. Throws Error(invalid_netns).
Netns open_container(const Args& args);

/// What a result says about a link; `sandbox` is empty for the host.
Interface describe(const Link& link, const Request& request, const std::string& sandbox = {});

}  // namespace cni
