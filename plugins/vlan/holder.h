#pragma once

#include <optional>
#include <string>

#include "attach/parent.h"

namespace cni::vlan {

/// Who uses a VLAN of a parent: "eth0 in /run/netns/c1 (cnixx:net1/c1/eth0)", an interface, its
/// namespace, and what its alias says, if anything. Looks on the host, in `container`, which the
/// parent may be in, and in what is mounted below /run/netns; nullopt when nobody is found there.
/// For a message: it costs the more the more namespaces there are.
std::optional<std::string> find_holder(const Vlan& vlan, const Link& parent, bool in_container,
                                       const Container& container);

}  // namespace cni::vlan
