#include "inspect.h"

#include "attach/foreseen.h"
#include "attach/owners.h"
#include "config.h"
#include "container/chained.h"
#include "iptables/rules.h"
#include "netfilter/owner.h"
#include "nftables/admission_layout.h"
#include "nftables/layout.h"
#include "place.h"

namespace cni::firewall {
namespace {

void foresee_admission(Outlook& outlook, const Passage& passage) {
    const std::string hashes = owner_hashes(passage.owner);
    for (const auto direction : nftables::directions)
        if (nftables::is_restricted(passage.admission, direction))
            outlook.make("chain", nftables::chain_of(direction, hashes),
                         "of table cni_firewall: lets through what is declared, drops the rest");
    if (passage.admission.is_gated) outlook.note("nothing passes until somebody opens the gate");
}

void foresee_in_nftables(Outlook& outlook, nft::Connection& nft, const Passage& passage) {
    if (passage.policy == Policy::open && passage.admission.empty())
        outlook.note("nf_tables has nothing that would have to let the container through");
    foresee_table(outlook, nft, nftables::inet_table, "for policies, and administrators' rules");
    if (passage.policy == Policy::isolated)
        foresee_table(outlook, nft, nftables::bridge_table, "keeps ports of bridges apart");
    if (passage.policy != Policy::open)
        outlook.make_unless(
            nft.find_chain(nftables::inet_table, nftables::holder(passage.policy, passage.bridge))
                .has_value(),
            "chain", nftables::holder(passage.policy, passage.bridge),
            cat("holds the policy of bridge ", passage.bridge));
    foresee_admission(outlook, passage);
}

void foresee_in_iptables(Outlook& outlook, const Passage& passage) {
    outlook.use("chain", iptables::passages, "of table filter; FORWARD jumps to it first");
    for (const Prefix& address : passage.addresses)
        outlook.make(
            "rule", address.to_string(),
            cat("in ", iptables::passages, ": what it sends, and what answers it, passes"));
    if (passage.policy == Policy::open) return;
    outlook.use("chain", iptables::stage_1, cat("keeps ", passage.bridge, " from other bridges"));
    outlook.use("chain", iptables::stage_2, "likewise");
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known)
        require_chained(outlook.request, "missing prevResult from earlier plugin");
    nft::Connection nft;
    const Place place = choose_place(nft, config.backend);
    const Passage passage = passage_of(config, outlook.result, owner_of(outlook.request));
    require_place(place, config.admission);
    if (place.firewalld) {
        outlook.use("backend", "firewalld", "it runs");
        for (const Prefix& address : passage.addresses)
            outlook.set("address", address.to_string(), cat("a source of zone ", config.zone));
    }
    if (!needs_rules(place, passage)) return;
    if (!place.firewalld) foresee_backend(outlook, nft, config.backend);
    if (place.rules == Backend::nftables) return foresee_in_nftables(outlook, nft, passage);
    foresee_in_iptables(outlook, passage);
}

}  // namespace cni::firewall
