#include "rules/everywhere.h"

#include <algorithm>

#include "base/undo.h"

namespace cni {
namespace {

bool passes(const std::function<void(Backend)>& check, Backend backend) {
    try {
        check(backend);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::vector<Family> families_of(const std::vector<Prefix>& addresses) {
    std::vector<Family> out;
    for (const Family family : both_families)
        if (std::ranges::any_of(addresses,
                                [&](const Prefix& a) { return a.ip.family() == family; }))
            out.push_back(family);
    return out;
}

void change_in(nft::Connection& nft, Backend backend, const std::vector<Family>& families,
               const RuleChange& change) {
    if (backend == Backend::nftables) return change.in_nftables(nft);
    for (const Family family : families)
        ipt::change(nft, flavour_of(backend), {family, change.table}, change.in_iptables);
}

void change_everywhere(nft::Connection& nft, const RuleChange& change,
                       const std::optional<Backend>& except) {
    const auto change_there = [&](Backend backend) {
        if (backend == Backend::nftables) return change.in_nftables(nft);
        ipt::change_present(nft, flavour_of(backend), change.table, change.in_iptables);
    };
    for_each_backend(change_there, except);
}

void for_each_backend(const std::function<void(Backend)>& body,
                      const std::optional<Backend>& except) {
    Failures failures;
    for (const Backend backend : all_backends)
        if (backend != except) failures.attempt([&] { body(backend); });
    failures.throw_if_any();
}

void check_in(nft::Connection& nft, Backend backend, const RuleCheck& check) {
    if (backend == Backend::nftables) return check.in_nftables(nft);
    const ipt::Flavour flavour = flavour_of(backend);
    for (const Family family : check.families) {
        if (!ipt::has_table(nft, flavour, {family, check.table}))
            throw check.failure(
                family, cat(to_string(backend), " has no table ", ipt::to_string(check.table)));
        ipt::change(nft, flavour, {family, check.table}, check.in_iptables);
    }
}

void check_anywhere(Backend chosen, const std::function<void(Backend)>& check) {
    try {
        check(chosen);
    } catch (const Error&) {
        const auto has_it_all = [&](Backend other) {
            return other != chosen && passes(check, other);
        };
        if (std::ranges::none_of(all_backends, has_it_all)) throw;
    }
}

}  // namespace cni
