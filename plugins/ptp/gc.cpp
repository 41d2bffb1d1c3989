#include <set>

#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "netfilter/nft.h"

namespace cni::ptp {
namespace {

// Nothing but their names and MACs tells whose the links are.
void remove_stale_links(const std::string& network, const std::vector<AttachmentId>& attachments) {
    std::set<std::string> valid;
    for (const AttachmentId& attachment : attachments)
        for (int attempt = 0; attempt < host_link_names; ++attempt)
            valid.insert(host_link(network, attachment, attempt).name);
    Rtnl host;
    std::vector<NlRequest> removals;
    for (const Link& link : host.veths())
        if (is_host_link_of(network, link) && !valid.contains(link.name))
            removals.push_back(remove_link(link));
    host.transact(std::move(removals));
}

void remove_stale_masquerading(const std::string& network,
                               const std::vector<AttachmentId>& attachments) {
    std::vector<Owner> valid;
    for (const AttachmentId& a : attachments) valid.push_back({network, a.container_id, a.ifname});
    nft::Connection nft;
    gc_masquerading(nft, network, valid);
}

}  // namespace

void gc(const Request& request) {
    Failures failures;
    const std::string& network = request.conf.name;
    if (const auto attachments = request.conf.valid_attachments()) {
        failures.attempt([&] { remove_stale_masquerading(network, *attachments); });
        failures.attempt([&] { remove_stale_links(network, *attachments); });
    }
    failures.attempt([&] {
        if (const Ipam ipam(request); ipam.configured()) ipam.gc();
    });
    failures.throw_if_any();
}

}  // namespace cni::ptp
