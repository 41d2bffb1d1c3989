#include "attach/peer.h"

#include <linux/rtnetlink.h>

#include "attach/host_link.h"
#include "netlink/route.h"

namespace cni {
namespace {

/// Whether a link that was found by its name is the end of this attachment's pair: its alias says
/// so or, when that names no attachment, it has the MAC that it was made with.
bool is_proved(const Link& link, const Request& request, const std::optional<Mac>& mac) {
    if (!link.is<Veth>()) return false;
    if (names_an_attachment(link))
        return link.alias == host_link_alias(request.conf.name, request.attachment());
    return link.mac == mac;
}

std::optional<Link> find_listed(Rtnl& host, const Request& request, const Result& result) {
    for (const Interface& interface : result.interfaces) {
        if (!interface.sandbox.empty() || !is_ifname(interface.name)) continue;
        auto link = host.find(interface.name);
        if (link && is_proved(*link, request, Mac::parse(interface.mac))) return link;
    }
    return {};
}

std::optional<Link> find_derived(Rtnl& host, const Request& request) {
    const auto links = find_host_links(host, request.conf.name, request.attachment(), {});
    return links.empty() ? std::nullopt : std::optional(links.front());
}

// Who must not enter the namespace does not know: no reason to fail.
std::optional<Link> find_from_inside(Rtnl& host, const Args& args) try {
    const auto container = Container::find(args);
    return container ? find_peer(host, *container) : std::nullopt;
} catch (const Error&) {
    return {};
}

/// Whether what leaves the host through `link` goes to `bridge`: the bridge itself, a VLAN on it,
/// or the outer end of a pair that is a port of it, as a VLAN's gateway may be.
bool leads_to_bridge(Rtnl& host, const Link& link, int bridge) {
    if (link.index == bridge) return true;
    if (link.parent.is_elsewhere || link.parent.index == 0) return false;
    if (link.is<Vlan>()) return link.parent.index == bridge;
    if (!link.is<Veth>()) return false;
    const auto peer = host.find(link.peer().index);
    return peer && peer->master == bridge;
}

}  // namespace

std::optional<Link> find_peer(Rtnl& host, const Container& container, const Link& interface) {
    if (!interface.is<Veth>() || interface.peer().index == 0) return {};
    const auto peer = host.find(interface.peer().index);
    if (!peer || !peer->is<Veth>() || peer->peer().index != interface.index ||
        !peer->peer().is_elsewhere)
        return {};
    // Indices are unique in a namespace only: elsewhere others bear the same.
    return peer->peer().netnsid >= 0 && host.find_nsid(container.netns) == peer->peer().netnsid
               ? peer
               : std::nullopt;
}

std::optional<Link> find_peer(Rtnl& host, Container& container) {
    const auto interface = container.find_interface();
    return interface ? find_peer(host, container, *interface) : std::nullopt;
}

std::optional<Link> find_known_host_end(Rtnl& host, const Request& request,
                                        const std::optional<Result>& prev_result) {
    if (prev_result)
        if (auto link = find_listed(host, request, *prev_result)) return link;
    return find_derived(host, request);
}

std::optional<Link> find_host_end(Rtnl& host, const Request& request,
                                  const std::optional<Result>& prev_result) {
    if (auto link = find_known_host_end(host, request, prev_result)) return link;
    return find_from_inside(host, request.args);
}

std::optional<HostSide> find_host_side(Rtnl& host, const Request& request,
                                       const std::optional<Result>& prev_result,
                                       const Ip& address) {
    const auto route = find_route(host, address);
    if (!route || route->type != RTN_UNICAST) return {};
    const auto end = find_host_end(host, request, prev_result);
    if (!end) return {};
    if (end->index == route->output) return HostSide{*end, end->peer().is_elsewhere};
    const auto link = end->master != 0 ? host.find(route->output) : std::nullopt;
    if (!link || !leads_to_bridge(host, *link, end->master)) return {};
    return HostSide{*link, false};
}

}  // namespace cni
