#include "backends.h"

#include "iptables/backend.h"
#include "nftables/backend.h"
#include "rules/everywhere.h"

namespace cni::firewall {
namespace {

constexpr auto filter = ipt::TableName::filter;

Error failure(Family family, const std::string& what) {
    return Error(Code::internal,
                 cat("firewall: ", what, " for ", family == Family::v4 ? "IPv4" : "IPv6"));
}

RuleChange removal(const Owner& owner, const Trace& trace) {
    return {.table = filter,
            .in_iptables = [&](ipt::Table& t) { iptables::remove(t, owner, trace); },
            .in_nftables = [&](nft::Connection& c) { nftables::remove(c, owner); }};
}

}  // namespace

void add_passage(nft::Connection& nft, Backend backend, const Passage& passage) {
    const Trace none;
    change_everywhere(nft, removal(passage.owner, none), backend);
    change_in(nft, backend, families_of(passage.addresses),
              {.table = filter,
               .in_iptables = [&](ipt::Table& table) { iptables::add(table, passage); },
               .in_nftables = [&](nft::Connection& c) { nftables::add(c, passage); }});
}

void check_passage(nft::Connection& nft, Backend backend, const Passage& passage) {
    const RuleCheck check{
        .table = filter,
        .families = families_of(passage.addresses),
        .in_iptables = [&](ipt::Table& table) { iptables::check(table, passage); },
        .in_nftables = [&](nft::Connection& c) { nftables::check(c, passage); },
        .failure = failure};
    // Declared rules and gates are in one place only.
    if (!passage.admission.empty()) return check_in(nft, backend, check);
    check_anywhere(backend, [&](Backend place) { check_in(nft, place, check); });
}

void remove_passage(nft::Connection& nft, const Owner& owner, const Trace& trace) {
    change_everywhere(nft, removal(owner, trace));
}

void gc_passages(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    change_everywhere(
        nft, {.table = filter,
              .in_iptables = [&](ipt::Table& t) { iptables::gc(t, network, valid); },
              .in_nftables = [&](nft::Connection& c) { nftables::gc(c, network, valid); }});
}

std::optional<std::string> passage_problem(nft::Connection& nft, Backend backend,
                                           const std::string& admin_chain, Policy policy,
                                           const Admission& admission) {
    if (backend == Backend::nftables) return nftables::problem(nft, admin_chain, policy, admission);
    return ipt::problem(nft, flavour_of(backend), {Family::v4, filter});
}

}  // namespace cni::firewall
