#include "backends.h"

#include <functional>

#include "base/undo.h"
#include "flows.h"
#include "iptables_backend.h"
#include "nft_backend.h"

namespace cni::portmap {
namespace {

using Removed = std::vector<Forwarded>;

constexpr Backend all_backends[] = {Backend::nftables, Backend::iptables_nft,
                                    Backend::iptables_legacy};

void append(Removed& to, const Removed& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// `from_nft` and `from_table` remove something, each from its kind of backend.
void remove_everywhere(nft::Connection& nft, const std::optional<Backend>& except,
                       const std::function<Removed(nft::Connection&)>& from_nft,
                       const std::function<Removed(ipt::Table&)>& from_table) {
    Failures failures;
    Removed removed;
    for (const Backend backend : all_backends) {
        if (backend == except) continue;
        failures.attempt([&] {
            if (backend == Backend::nftables)
                append(removed, from_nft(nft));
            else
                // What is begun anew is named once more, which does no harm.
                ipt::change_present(nft, flavour_of(backend),
                                    [&](ipt::Table& table) { append(removed, from_table(table)); });
        });
    }
    failures.attempt([&] { forget_flows_through(removed); });
    failures.throw_if_any();
}

void check_backend(nft::Connection& nft, Backend backend,
                   const std::vector<Forwarding>& forwardings) {
    if (backend == Backend::nftables) return nftables::check(nft, forwardings);
    const ipt::Flavour flavour = flavour_of(backend);
    for (const Forwarding& forwarding : forwardings) {
        const Family family = forwarding.family();
        if (forwarded_by(forwarding).empty()) continue;
        if (!ipt::has_nat_table(nft, flavour, family))
            throw iptables::check_failure(family, cat(to_string(backend), " has no table nat"));
        ipt::change(nft, flavour, family,
                    [&](ipt::Table& table) { iptables::check(table, forwarding); });
    }
}

bool is_complete(nft::Connection& nft, Backend backend,
                 const std::vector<Forwarding>& forwardings) {
    try {
        check_backend(nft, backend, forwardings);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::vector<Forwarded> add_mappings(nft::Connection& nft, Backend backend,
                                    const std::vector<Forwarding>& forwardings) {
    const Owner& owner = forwardings.front().owner;
    std::vector<Ip> addresses;
    for (const Forwarding& forwarding : forwardings) addresses.push_back(forwarding.container.ip);
    remove_everywhere(
        nft, backend,
        [&](nft::Connection& c) {
            nftables::displace(c, forwardings);
            return nftables::remove(c, owner, addresses);
        },
        [&](ipt::Table& table) {
            for (const Forwarding& forwarding : forwardings)
                if (forwarding.family() == table.family()) iptables::displace(table, forwarding);
            return iptables::remove(table, owner, addresses);
        });
    if (backend == Backend::nftables) return nftables::add(nft, forwardings);
    Removed ahead;
    for (const Forwarding& forwarding : forwardings)
        ipt::change(nft, flavour_of(backend), forwarding.family(),
                    [&](ipt::Table& table) { append(ahead, iptables::add(table, forwarding)); });
    return ahead;
}

void check_mappings(nft::Connection& nft, Backend backend,
                    const std::vector<Forwarding>& forwardings) {
    try {
        check_backend(nft, backend, forwardings);
    } catch (const Error&) {
        for (const Backend other : all_backends)
            if (other != backend && is_complete(nft, other, forwardings)) return;
        throw;
    }
}

void remove_mappings(nft::Connection& nft, const Owner& owner, const std::vector<Ip>& addresses) {
    remove_everywhere(
        nft, {}, [&](nft::Connection& c) { return nftables::remove(c, owner, addresses); },
        [&](ipt::Table& table) { return iptables::remove(table, owner, addresses); });
}

void gc_mappings(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    remove_everywhere(
        nft, {}, [&](nft::Connection& c) { return nftables::gc(c, network, valid); },
        [&](ipt::Table& table) { return iptables::gc(table, network, valid); });
}

std::optional<std::string> mapping_problem(nft::Connection& nft, Backend backend) {
    return backend == Backend::nftables ? nftables::problem(nft)
                                        : ipt::problem(nft, flavour_of(backend), Family::v4);
}

}  // namespace cni::portmap
