#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {
namespace {

// False when the container, or the interface in it, is gone.
bool remove_container_end(const Request& request) {
    const auto netns = Netns::find(request.args.netns);
    if (!netns || netns->is_same(Netns::current())) return false;
    Rtnl container = Rtnl::in(*netns);
    const auto link = container.find(request.args.ifname);
    if (link) container.apply(remove_link(*link));
    return link.has_value();
}

// A namespace that some process keeps alive, though its path is gone, keeps the pair alive.
void remove_host_ends(const Request& request) {
    Rtnl host;
    for (const Link& link : find_host_links(host, request.conf.name, request.attachment(),
                                            request.conf.prev_result_if_readable()))
        host.apply(remove_link(link));
}

}  // namespace

// Whatever ADD may have made is looked for, whatever the configuration says today: rules in every
// backend, links by their names. The connection to nf_tables is closed last, since the kernel
// makes that wait for what was deleted, as it makes the deletion of a link wait.
void del(const Request& request) {
    Failures failures;
    nft::Connection nft;
    failures.attempt([&] { remove_masquerading(nft, owner_of(request), request.args.netns); });
    failures.attempt([&] {
        remove_spoof_check(nft, spoof_reference(request.args.container_id, request.args.ifname));
    });
    bool removed = false;
    failures.attempt([&] { removed = remove_container_end(request); });
    if (!removed) failures.attempt([&] { remove_host_ends(request); });
    // An address is free once no interface bears it.
    failures.attempt([&] {
        if (const Ipam ipam(request); ipam.configured()) ipam.del();
    });
    failures.throw_if_any();
}

}  // namespace cni::bridge
