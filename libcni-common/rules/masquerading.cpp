#include "rules/masquerading.h"

#include "netfilter/masquerade.h"
#include "rules/everywhere.h"

namespace cni {
namespace {

Error failure(Family family, const std::string& what) {
    return Error(Code::internal,
                 cat("masquerading: ", what, " for ", family == Family::v4 ? "IPv4" : "IPv6"));
}

}  // namespace

void add_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                      const Owner& owner, const std::vector<Prefix>& addresses) {
    const RuleChange addition{
        .table = ipt::TableName::nat,
        .in_iptables = [&](ipt::Table& nat) { ipt::add_masquerade(nat, owner, addresses); },
        .in_nftables = [&](nft::Connection& c) { add_masquerade(c, owner, addresses); }};
    change_in(nft, choose_backend(nft, configured), families_of(addresses), addition);
}

void remove_masquerading(nft::Connection& nft, const Owner& owner,
                         const ipt::Addresses& addresses) {
    change_everywhere(
        nft, {.table = ipt::TableName::nat,
              .in_iptables = [&](ipt::Table& t) { ipt::remove_masquerade(t, owner, addresses); },
              .in_nftables = [&](nft::Connection& c) { remove_masquerade(c, owner); }});
}

void check_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                        const Owner& owner, const std::vector<Prefix>& addresses) {
    const RuleCheck check{
        .table = ipt::TableName::nat,
        .families = families_of(addresses),
        .in_iptables = [&](ipt::Table& nat) { ipt::check_masquerade(nat, owner, addresses); },
        .in_nftables = [&](nft::Connection& c) { check_masquerade(c, owner, addresses); },
        .failure = failure};
    check_anywhere(choose_backend(nft, configured),
                   [&](Backend backend) { check_in(nft, backend, check); });
}

void gc_masquerading(nft::Connection& nft, const std::string& network,
                     const std::vector<Owner>& valid) {
    change_everywhere(
        nft, {.table = ipt::TableName::nat,
              .in_iptables = [&](ipt::Table& t) { ipt::gc_masquerade(t, network, valid); },
              .in_nftables = [&](nft::Connection& c) { gc_masquerade(c, network, valid); }});
}

std::optional<std::string> masquerading_problem(nft::Connection& nft, Backend backend) {
    if (backend == Backend::nftables) return masquerade_problem(nft);
    return ipt::problem(nft, flavour_of(backend), {Family::v4, ipt::TableName::nat});
}

}  // namespace cni
