#include "attach/unrecorded_link.h"

#include <algorithm>

#include "attach/host_link.h"
#include "sys/netns.h"

namespace cni {
namespace {

// As the kernel says it: neither index nor number of a namespace is taken on trust.
std::optional<Link> find_host_end(Rtnl& host, const Netns& netns, const std::string& ifname) {
    const Netns here = Netns::current();
    if (netns.is_same(here)) return {};
    Rtnl container = Rtnl::in(netns);
    const auto end = container.find(ifname);
    if (!end || end->kind != "veth" || !end->has_peer_elsewhere) return {};
    const auto nsid_of_host = container.find_nsid(here);
    if (!nsid_of_host || *nsid_of_host != end->peer_netnsid) return {};
    auto peer = host.find(end->peer_index);
    if (!peer || peer->kind != "veth" || peer->peer_index != end->index) return {};
    return peer;
}

// The record names another one: then this is the interface of whoever has the namespace now.
bool is_denied_by(const std::optional<Result>& record, const Link& link) {
    if (!record) return false;
    bool names_any = false, names_it = false;
    for (const Interface& interface : record->interfaces) {
        if (!interface.sandbox.empty() || !is_name_of_host_link(interface.name)) continue;
        names_any = true;
        names_it = names_it || interface.name == link.name;
    }
    return names_any && !names_it;
}

}  // namespace

std::optional<Link> find_unrecorded_link(Rtnl& host, const Request& request,
                                         const std::optional<Result>& record) {
    const auto netns = Netns::find(request.args.netns);
    if (!netns) return {};
    auto link = find_host_end(host, *netns, request.args.ifname);
    if (!link || !is_name_of_host_link(link->name)) return {};
    const bool is_of_another =
        names_an_attachment(*link) || is_host_link_of(request.conf.name, *link);
    if (is_of_another || is_denied_by(record, *link)) return {};
    return link;
}

}  // namespace cni
