#include "attach/veth_pair.h"

#include "attach/host_link.h"
#include "base/undo.h"

namespace cni {
namespace {

VethOptions options_of(const HostLink& name, const Netns& netns, const Request& request,
                       const VethPairOptions& options) {
    return {.host = {name.name, name.mac},
            .container = {request.args.ifname, options.container_mac},
            .container_netns = &netns,
            .master = options.master,
            .mtu = options.mtu};
}

// Whose maker does not know whether the kernel made it: it got no answer.
void remove_if_made(Rtnl& host, const HostLink& name) {
    Undo undo;
    undo.on_failure("delete the veth pair", [&] {
        const auto link = host.find(name.name);
        if (link && link->mac == name.mac) host.apply(remove_link(*link));
    });
}

// A process id that was given anew makes /proc/<pid>/ns/net another container's.
bool is_of_another(const Link& container_end, const Request& request) {
    Rtnl host;
    const auto peer = host.find(container_end.peer_index);
    return peer && peer->peer_index == container_end.index &&
           is_host_link_of(request.conf.name, *peer) &&
           !names_of_host_links(request.conf.name, {request.attachment()}).contains(peer->name);
}

// False when the container, or the interface in it, is gone.
bool remove_container_end(const Request& request) {
    const auto netns = Netns::find(request.args.netns);
    if (!netns || netns->is_same(Netns::current())) return false;
    Rtnl container = Rtnl::in(*netns);
    const auto link = container.find(request.args.ifname);
    if (!link || is_of_another(*link, request)) return false;
    container.apply(remove_link(*link));
    return true;
}

// A namespace that some process keeps alive, though its path is gone, keeps the pair alive.
void remove_host_ends(const Request& request) {
    Rtnl host;
    for (const Link& link : find_host_links(host, request.conf.name, request.attachment(),
                                            request.conf.prev_result_if_readable()))
        host.apply(remove_link(link));
}

}  // namespace

void require_new_interface(Rtnl& container, const Args& args) {
    if (container.find(args.ifname))
        throw Error(
            Code::internal,
            cat("container veth name (", quote(args.ifname), ") peer provided already exists"),
            cat("the container of ", args.netns, " has an interface ", args.ifname,
                ": DEL the attachment before it is added again"));
}

VethPair make_veth_pair(Rtnl& host, const Netns& netns, const Request& request,
                        const VethPairOptions& options) {
    request.step("make veth pair");
    for (int attempt = 0;; ++attempt) {
        const HostLink name = host_link(request.conf.name, request.attachment(), attempt);
        const VethOptions veth = options_of(name, netns, request, options);
        try {
            VethPair pair{.host = host.make_veth(veth), .container = {}};
            pair.container.index = pair.host.peer_index;
            pair.container.name = veth.container.name;
            pair.container.mac = veth.container.mac;
            pair.container.mtu = pair.host.mtu;
            return pair;
        } catch (const SysError& error) {
            if (error.error != EEXIST) remove_if_made(host, name);
            // Taken, maybe by a link that goes with its namespace at this moment.
            if (error.error != EEXIST || attempt + 1 == host_link_names) throw;
        }
    }
}

void release_addresses(Rtnl& host, const Request& request, Ipam::Allocation& allocation) {
    if (allocation.refused() &&
        !find_host_links(host, request.conf.name, request.attachment(), {}).empty())
        return;
    allocation.release();
}

void remove_veth_pair(const Request& request) {
    request.step("remove veth pair");
    bool removed = false;
    Failures failures;
    failures.attempt([&] { removed = remove_container_end(request); });
    if (!removed) failures.attempt([&] { remove_host_ends(request); });
    failures.throw_if_any();
}

}  // namespace cni
