#include "identity.h"

#include "attach/host_link.h"
#include "attach/peer.h"

namespace cni::host_device {
namespace {

bool is_alike(const Link& device, const Link& link) {
    const LinkAddress& permanent = device.permanent_address;
    return link.kind_name() == device.kind_name() && link.hardware == device.hardware &&
           (permanent.bytes.empty() || link.permanent_address == permanent);
}

bool is_same_place(const RelatedLink& one, const RelatedLink& other) {
    return one.index == other.index && one.is_elsewhere == other.is_elsewhere &&
           (!one.is_elsewhere || (one.netnsid >= 0 && one.netnsid == other.netnsid));
}

bool is_there(const RelatedLink& parent, int index, std::optional<int> nsid) {
    return nsid && is_same_place(parent, {.index = index, .is_elsewhere = true, .netnsid = *nsid});
}

// `parent` is what the container's namespace calls what the host's calls `on_host`.
bool is_translation(Rtnl& host, Container& container, const RelatedLink& parent,
                    const RelatedLink& on_host) {
    if (on_host.index == 0) return parent.index == 0;
    if (!on_host.is_elsewhere)
        return is_there(parent, on_host.index, container.rtnl.find_nsid(Netns::current()));
    const int container_id = host.get_nsid(container.netns);
    if (on_host.netnsid == container_id) return is_same_place(parent, {.index = on_host.index});
    return is_there(parent, on_host.index, host.translate_nsid(on_host.netnsid, container_id));
}

// Two devices of one kind may be lent to one container. Hardware that says its address is like no
// other.
bool is_that_one(const Loan& loan, const Link& link) {
    const bool is_unique =
        !loan.device.hardware.empty() && !loan.device.permanent_address.bytes.empty();
    return is_unique || link.alias == loan.device.name || link.index == loan.place.ifindex;
}

// Nobody in a container can make a link that is hardware, or that is on a link of the host.
bool is_out_of_reach(Rtnl& host, Container& container, const Link& link) {
    if (link.kind_name().empty() || !link.hardware.empty()) return true;
    if (!link.parent.is_elsewhere || link.parent.netnsid < 0) return false;
    const int host_id = container.rtnl.get_nsid(Netns::current());
    if (link.parent.netnsid != host_id)
        // A pair to somewhere else: known to the host, if that has lent it.
        return link.is<Veth>() && container.rtnl.translate_nsid(link.parent.netnsid, host_id);
    if (!link.is<Veth>()) return true;
    const auto peer = find_peer(host, container, link);
    return peer && !names_an_attachment(*peer) && !is_name_of_host_link(peer->name);
}

}  // namespace

bool is_lent(Rtnl& host, Container& container, const Link& link, const Loan& loan) {
    return is_alike(loan.device, link) && is_that_one(loan, link) &&
           is_translation(host, container, link.parent, loan.device.parent);
}

bool is_returned(const Link& link, const Loan& loan) {
    return is_alike(loan.device, link) && link.alias == loan.device.name &&
           is_same_place(link.parent, loan.device.parent);
}

bool is_of_host(Rtnl& host, Container& container, const Link& link,
                const std::optional<Config>& config) {
    if (!is_ifname(link.alias) || !is_out_of_reach(host, container, link)) return false;
    if (!config || config->device.empty() || config->device == link.alias) return true;
    // It may be configured by an alternative name, which it keeps.
    const auto named = container.rtnl.find(config->device);
    return named && named->index == link.index;
}

}  // namespace cni::host_device
