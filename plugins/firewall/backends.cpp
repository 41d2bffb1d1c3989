#include "backends.h"

#include "iptables/backend.h"
#include "rules/everywhere.h"

namespace cni::firewall {
namespace {

constexpr auto filter = ipt::TableName::filter;

void nothing_in_nftables(nft::Connection& /*nft*/) {}

Error failure(Family family, const std::string& what) {
    return Error(Code::internal,
                 cat("firewall: ", what, " for ", family == Family::v4 ? "IPv4" : "IPv6"));
}

RuleChange removal(const Owner& owner, const std::vector<Prefix>& addresses) {
    return {.table = filter,
            .in_iptables = [&](ipt::Table& t) { iptables::remove(t, owner, addresses); },
            .in_nftables = nothing_in_nftables};
}

}  // namespace

void add_passage(nft::Connection& nft, Backend backend, const Passage& passage) {
    const std::vector<Prefix> none;
    change_everywhere(nft, removal(passage.owner, none), backend);
    change_in(nft, backend, families_of(passage.addresses),
              {.table = filter,
               .in_iptables = [&](ipt::Table& table) { iptables::add(table, passage); },
               .in_nftables = nothing_in_nftables});
}

void check_passage(nft::Connection& nft, Backend backend, const Passage& passage) {
    const RuleCheck check{
        .table = filter,
        .families = families_of(passage.addresses),
        .in_iptables = [&](ipt::Table& table) { iptables::check(table, passage); },
        .in_nftables = [](nft::Connection&) { throw Error(Code::internal, "no rules"); },
        .failure = failure};
    check_anywhere(backend, [&](Backend place) { check_in(nft, place, check); });
}

void remove_passage(nft::Connection& nft, const Owner& owner,
                    const std::vector<Prefix>& addresses) {
    change_everywhere(nft, removal(owner, addresses));
}

void gc_passages(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    change_everywhere(nft, {.table = filter,
                            .in_iptables = [&](ipt::Table& t) { iptables::gc(t, network, valid); },
                            .in_nftables = nothing_in_nftables});
}

std::optional<std::string> passage_problem(nft::Connection& nft, Backend backend) {
    return ipt::problem(nft, flavour_of(backend), {Family::v4, filter});
}

}  // namespace cni::firewall
