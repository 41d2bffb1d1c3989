#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "netfilter/nft.h"

namespace cni::ptp {
namespace {

// Nothing but their names and MACs tells whose the links are.
void remove_stale_links(const std::string& network, const std::vector<AttachmentId>& attachments) {
    const auto valid = names_of_host_links(network, attachments);
    Rtnl host;
    std::vector<NlRequest> removals;
    for (const Link& link : host.veths())
        if (is_host_link_of(network, link) && !valid.contains(link.name))
            removals.push_back(remove_link(link));
    host.transact(std::move(removals));
}

}  // namespace

void gc(const Request& request) {
    Failures failures;
    const std::string& network = request.conf.name;
    if (const auto attachments = request.conf.valid_attachments()) {
        nft::Connection nft;
        request.step("remove stale masquerading");
        failures.attempt([&] { gc_masquerading(nft, network, owners_of(network, *attachments)); });
        request.step("remove stale links");
        failures.attempt([&] { remove_stale_links(network, *attachments); });
    }
    failures.attempt([&] {
        if (const Ipam ipam(request); ipam.configured()) ipam.gc();
    });
    failures.throw_if_any();
}

}  // namespace cni::ptp
