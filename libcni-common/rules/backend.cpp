#include "rules/backend.h"

#include <sched.h>

#include "base/error.h"
#include "iptables/legacy_presence.h"
#include "iptables/nft_base_chains.h"
#include "netfilter/nft_match.h"

namespace cni {
namespace {

bool has_iptables_in_nf_tables(nft::Connection& nft) {
    for (const char* name : {"nat", "filter"})
        for (const Family family : both_families)
            if (ipt::is_iptables_table(nft, {nft::nfproto(family), name})) return true;
    return false;
}

}  // namespace

Backend choose_backend(nft::Connection& nft, const std::optional<std::string>& configured) {
    return weigh_backends(nft, configured).backend;
}

BackendChoice weigh_backends(nft::Connection& nft, const std::optional<std::string>& configured) {
    if (configured == "nftables") return {Backend::nftables, "the configuration asks for it"};
    if (ipt::is_legacy_in_use())
        return {Backend::iptables_legacy, "legacy tables of this host hold rules or chains"};
    if (has_iptables_in_nf_tables(nft))
        return {Backend::iptables_nft, "nf_tables of this host has tables of iptables"};
    if (!nft.generation()) return {Backend::iptables_legacy, "the kernel has no nf_tables"};
    if (configured)
        return {Backend::iptables_nft,
                "the configuration asks for iptables, and no table of either kind is in use"};
    return {Backend::nftables, "this host has rules of iptables in neither place"};
}

void require_usable(Backend backend, std::string_view what,
                    const std::function<std::optional<std::string>()>& problem) {
    // Asking for a legacy table makes the kernel load it: into a namespace that goes with us.
    if (backend == Backend::iptables_legacy)
        checked(::unshare(CLONE_NEWNET), "make a network namespace to look for iptables in");
    if (const auto text = problem())
        throw Error(Code::plugin_not_available, cat(what, " with ", to_string(backend)), *text);
}

ipt::Flavour flavour_of(Backend backend) {
    return backend == Backend::iptables_legacy ? ipt::Flavour::legacy : ipt::Flavour::nf_tables;
}

std::string to_string(Backend backend) {
    switch (backend) {
        case Backend::nftables:
            return "nftables";
        case Backend::iptables_nft:
            return "iptables (nf_tables)";
        case Backend::iptables_legacy:
            return "iptables (legacy)";
    }
    return {};
}

}  // namespace cni
