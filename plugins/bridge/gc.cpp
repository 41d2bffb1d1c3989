#include <set>

#include "attach/host_link.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "commands.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {
namespace {

std::set<std::string> references_of(const std::vector<AttachmentId>& attachments) {
    std::set<std::string> references;
    for (const AttachmentId& a : attachments)
        references.insert(spoof_reference(a.container_id, a.ifname));
    return references;
}

// A spoof check does not say which network it belongs to. Its port does: one of our links of this
// network, or none any more, and then it protects nothing.
void remove_stale_spoof_checks(Rtnl& host, nft::Connection& nft, const Request& request,
                               const std::vector<AttachmentId>& attachments) {
    const auto valid = references_of(attachments);
    for (const SpoofCheck& check : list_spoof_checks(nft)) {
        if (check.host_ifname.empty() || valid.contains(check.reference)) continue;
        const auto port = host.find(check.host_ifname);
        if (!port || is_host_link_of(request.conf.name, *port))
            remove_spoof_check(nft, check.reference);
    }
}

}  // namespace

void gc(const Request& request) {
    Failures failures;
    const std::string& network = request.conf.name;
    const auto attachments = request.conf.valid_attachments();
    if (attachments) {
        nft::Connection nft;
        Rtnl host;
        request.step("remove stale masquerading");
        failures.attempt([&] { gc_masquerading(nft, network, owners_of(network, *attachments)); });
        request.step("remove stale spoof checks");
        failures.attempt([&] { remove_stale_spoof_checks(host, nft, request, *attachments); });
    }
    failures.attempt([&] { remove_stale_pairs_and_addresses(request, attachments); });
    failures.throw_if_any();
}

}  // namespace cni::bridge
