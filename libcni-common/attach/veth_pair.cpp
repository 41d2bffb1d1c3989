#include "attach/veth_pair.h"

#include "attach/host_link.h"
#include "attach/unrecorded_link.h"
#include "base/undo.h"

namespace cni {
namespace {

NewLink pair_of(const HostLink& name, const Container& container, const Request& request,
                const VethPairOptions& options) {
    return {.name = name.name,
            .mac = name.mac,
            .mtu = options.mtu,
            .master = options.master,
            .alias = host_link_alias(request.conf.name, request.attachment()),
            .kind = Veth{.peer = {.name = container.ifname,
                                  .mac = options.container_mac,
                                  .mtu = options.mtu,
                                  .netns = &container.netns}}};
}

// Whose maker does not know whether the kernel made it: it got no answer.
void remove_if_made(Rtnl& host, const HostLink& name) {
    Undo undo;
    undo.on_failure("delete the veth pair", [&] {
        const auto link = host.find(name.name);
        if (link && link->mac == name.mac) host.apply(remove_link(*link));
    });
}

}  // namespace

VethPair make_veth_pair(Rtnl& host, const Container& container, const Request& request,
                        const VethPairOptions& options) {
    request.step("make veth pair");
    for (int attempt = 0;; ++attempt) {
        const HostLink name = host_link(request.conf.name, request.attachment(), attempt);
        const NewLink veth = pair_of(name, container, request, options);
        try {
            VethPair pair{.host = host.make_link(veth), .container = {}};
            pair.container.index = pair.host.peer().index;
            pair.container.name = container.ifname;
            pair.container.mac = options.container_mac;
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

void remove_veth_pair(const Request& request, const std::optional<Result>& record,
                      Departure& departure) {
    Rtnl& host = departure.host();
    auto ends = find_host_links(host, request.conf.name, request.attachment(), record);
    // What is in the container says something only where nothing of the host does.
    if (ends.empty())
        if (auto end = find_unrecorded_link(host, request, record)) ends.push_back(*end);
    departure.remove(ends);
}

void remove_stale_pairs_and_addresses(const Request& request,
                                      const std::optional<std::vector<AttachmentId>>& valid,
                                      Departure& departure) {
    if (valid) {
        request.step("remove stale links");
        departure.remove(
            find_stale_host_links(departure.host(), StaleHostLinks(request.conf.name, *valid)));
    }
    departure.run_beside_orphan([&] { Ipam(request).gc(); });
}

}  // namespace cni
