#include "attach/announcement.h"

#include <linux/if.h>

namespace cni {

bool is_announced_by_coming_up(const Link& link) {
    return link.is<Vlan>() || link.is<Ipvlan>();
}

void announce_addresses(Container& container) {
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent.
    const Link link = container.get_interface();
    const bool has_no_neighbours = (link.flags & IFF_NOARP) != 0;
    if (!has_no_neighbours && !is_announced_by_coming_up(link))
        container.rtnl.apply(announce(link));
}

}  // namespace cni
