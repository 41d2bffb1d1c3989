#include "backends.h"

#include "base/undo.h"
#include "firewalld/backend.h"
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

void add_rules(nft::Connection& nft, Backend backend, const Passage& passage) {
    change_in(nft, backend, families_of(passage.addresses),
              {.table = filter,
               .in_iptables = [&](ipt::Table& table) { iptables::add(table, passage); },
               .in_nftables = [&](nft::Connection& c) { nftables::add(c, passage); }});
}

void check_rules(nft::Connection& nft, Backend backend, const Passage& passage) {
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

bool has_rules(nft::Connection& nft, Backend backend, Passage passage) {
    passage.zone.clear();
    try {
        check_rules(nft, backend, passage);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

void add_passage(nft::Connection& nft, Place& place, const Passage& passage) {
    const Trace none;
    const bool takes_rules = needs_rules(place, passage);
    if (place.firewalld)
        firewalld::add(*place.firewalld, passage);
    else
        firewalld::remove(passage.owner);
    change_everywhere(nft, removal(passage.owner, none),
                      takes_rules ? std::optional(place.rules) : std::nullopt);
    if (takes_rules) add_rules(nft, place.rules, passage);
}

void check_passage(nft::Connection& nft, Place& place, const Passage& passage) {
    if (!place.firewalld) return check_rules(nft, place.rules, passage);
    try {
        firewalld::check(*place.firewalld, passage);
        if (needs_rules(place, passage)) check_rules(nft, place.rules, passage);
    } catch (const Error&) {
        // firewalld may have been started behind ADD.
        if (!has_rules(nft, place.rules, passage)) throw;
    }
}

void remove_passage(nft::Connection& nft, const Owner& owner, const Trace& trace) {
    Failures failures;
    failures.attempt([&] { change_everywhere(nft, removal(owner, trace)); });
    failures.attempt([&] { firewalld::remove_or_leave(owner); });
    failures.throw_if_any();
    if (!trace.zone.empty()) firewalld::remove_unrecorded(trace.zone, trace.addresses);
}

void gc_passages(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    const RuleChange removal{
        .table = filter,
        .in_iptables = [&](ipt::Table& t) { iptables::gc(t, network, valid); },
        .in_nftables = [&](nft::Connection& c) { nftables::gc(c, network, valid); }};
    Failures failures;
    failures.attempt([&] { change_everywhere(nft, removal); });
    failures.attempt([&] { firewalld::gc(network, valid); });
    failures.throw_if_any();
}

std::optional<std::string> passage_problem(nft::Connection& nft, Backend backend,
                                           const std::string& admin_chain, Policy policy,
                                           const Admission& admission) {
    if (backend == Backend::nftables) return nftables::problem(nft, admin_chain, policy, admission);
    return ipt::problem(nft, flavour_of(backend), {Family::v4, filter});
}

}  // namespace cni::firewall
