#include "bridge_ports.h"

#include <algorithm>

#include "netlink/link.h"

namespace cni::firewall {

bool is_deserted(const std::string& bridge, const std::string& port) {
    Rtnl host;
    const auto link = host.find(bridge);
    if (!link) return true;
    if (!link->is<Bridge>()) return false;
    return std::ranges::all_of(host.ports(*link),
                               [&](const Link& each) { return each.name == port; });
}

}  // namespace cni::firewall
