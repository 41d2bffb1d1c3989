#include "attach/announcement.h"

#include <linux/if.h>

namespace cni {
namespace {

// It follows that one's, unless it is set: then a VLAN interface keeps its own (vlan_sync_address()
// in net/8021q/vlan.c), and an ipvlan's cannot be.
bool has_mac_of_parent(const Link& link) {
    return link.is<Vlan>() || link.is<Ipvlan>();
}

}  // namespace

void announce_addresses(Container& container) {
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent.
    const Link link = container.get_interface();
    const bool has_no_neighbours = (link.flags & IFF_NOARP) != 0;
    // Those with the MAC of another one have a carrier from when they came up, and were announced
    // then: vlan_dev_open(), ipvlan_open().
    if (!has_no_neighbours && !has_mac_of_parent(link)) container.rtnl.apply(announce(link));
}

}  // namespace cni
