#include <algorithm>
#include <set>

#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {
namespace {

/// The host links that valid attachments may have, and their spoof check references.
struct Valid {
    std::vector<Owner> owners;
    std::set<std::string> links, references;

    Valid(const std::string& network, const std::vector<AttachmentId>& attachments)
        : owners(owners_of(network, attachments)),
          links(names_of_host_links(network, attachments)) {
        for (const AttachmentId& a : attachments)
            references.insert(spoof_reference(a.container_id, a.ifname));
    }
};

void remove_stale_links(Rtnl& host, const Request& request, const Valid& valid) {
    const auto bridge = host.find(request.conf.json.string_or("bridge", "cni0"));
    if (!bridge) return;
    std::vector<NlRequest> removals;
    for (const Link& port : host.ports(*bridge))
        if (is_host_link_of(request.conf.name, port) && !valid.links.contains(port.name))
            removals.push_back(remove_link(port));
    host.transact(std::move(removals));
}

// A spoof check does not say which network it belongs to. Its port does: one of our links of this
// network, or none any more, and then it protects nothing.
void remove_stale_spoof_checks(Rtnl& host, nft::Connection& nft, const Request& request,
                               const Valid& valid) {
    for (const SpoofCheck& check : list_spoof_checks(nft)) {
        if (check.host_ifname.empty() || valid.references.contains(check.reference)) continue;
        const auto port = host.find(check.host_ifname);
        if (!port || is_host_link_of(request.conf.name, *port))
            remove_spoof_check(nft, check.reference);
    }
}

}  // namespace

void gc(const Request& request) {
    Failures failures;
    const auto attachments = request.conf.valid_attachments();
    if (attachments) {
        const Valid valid(request.conf.name, *attachments);
        nft::Connection nft;
        Rtnl host;
        request.step("remove stale masquerading");
        failures.attempt([&] { gc_masquerading(nft, request.conf.name, valid.owners); });
        request.step("remove stale spoof checks");
        failures.attempt([&] { remove_stale_spoof_checks(host, nft, request, valid); });
        request.step("remove stale links");
        failures.attempt([&] { remove_stale_links(host, request, valid); });
    }
    failures.attempt([&] {
        if (const Ipam ipam(request); ipam.configured()) ipam.gc();
    });
    failures.throw_if_any();
}

}  // namespace cni::bridge
