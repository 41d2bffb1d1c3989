#include "backends.h"

#include <algorithm>
#include <functional>

#include "base/undo.h"
#include "flows.h"
#include "iptables/backend.h"
#include "nftables/backend.h"
#include "rules/everywhere.h"

namespace cni::portmap {
namespace {

/// What the body returns is added to `all`. What is begun anew is named once more, which does no
/// harm.
template <typename Place>
std::function<void(Place&)> into(Translations& all, std::function<Translations(Place&)> body) {
    return [&all, body = std::move(body)](Place& place) { append(all, body(place)); };
}

/// Both remove something, each from its kind of backend.
struct Removal {
    std::function<Translations(ipt::Table&)> from_iptables;
    std::function<Translations(nft::Connection&)> from_nftables;
};

void remove_everywhere(nft::Connection& nft, const Removal& removal,
                       const std::optional<Backend>& except = {}) {
    Failures failures;
    Translations removed;
    failures.attempt([&] {
        change_everywhere(nft,
                          {.table = ipt::TableName::nat,
                           .in_iptables = into(removed, removal.from_iptables),
                           .in_nftables = into(removed, removal.from_nftables)},
                          except);
    });
    failures.attempt([&] { forget_flows_through(nft, removed); });
    failures.throw_if_any();
}

/// The one of a table's family; null when there is none.
const Forwarding* find(const std::vector<Forwarding>& forwardings, Family family) {
    const auto found = std::ranges::find(forwardings, family, &Forwarding::family);
    return found == forwardings.end() ? nullptr : &*found;
}

/// Of those that forward something.
std::vector<Family> families_of(const std::vector<Forwarding>& forwardings) {
    std::vector<Family> out;
    for (const Forwarding& forwarding : forwardings)
        if (!forwarding.empty()) out.push_back(forwarding.family());
    return out;
}

/// What others have of the same ports goes as well.
void remove_elsewhere(nft::Connection& nft, Backend chosen,
                      const std::vector<Forwarding>& forwardings) {
    const Owner& owner = forwardings.front().owner;
    std::vector<Ip> addresses;
    for (const Forwarding& forwarding : forwardings) addresses.push_back(forwarding.container.ip);
    const auto from_iptables = [&](ipt::Table& table) {
        if (const Forwarding* forwarding = find(forwardings, table.family()))
            iptables::displace(table, *forwarding);
        return iptables::remove(table, owner, addresses);
    };
    const auto from_nftables = [&](nft::Connection& c) {
        nftables::displace(c, forwardings);
        return nftables::remove(c, owner, addresses);
    };
    remove_everywhere(nft, {from_iptables, from_nftables}, chosen);
}

}  // namespace

Translations add_mappings(nft::Connection& nft, Backend backend,
                          const std::vector<Forwarding>& forwardings) {
    remove_elsewhere(nft, backend, forwardings);
    Translations ahead;
    const auto to_iptables = [&](ipt::Table& table) {
        append(ahead, iptables::add(table, *find(forwardings, table.family())));
    };
    const auto to_nftables = [&](nft::Connection& c) { ahead = nftables::add(c, forwardings); };
    change_in(nft, backend, families_of(forwardings),
              {ipt::TableName::nat, to_iptables, to_nftables});
    return ahead;
}

void check_mappings(nft::Connection& nft, Backend backend,
                    const std::vector<Forwarding>& forwardings) {
    const RuleCheck check{
        .table = ipt::TableName::nat,
        .families = families_of(forwardings),
        .in_iptables =
            [&](ipt::Table& table) { iptables::check(table, *find(forwardings, table.family())); },
        .in_nftables = [&](nft::Connection& c) { nftables::check(c, forwardings); },
        .failure = iptables::check_failure};
    check_anywhere(backend, [&](Backend place) { check_in(nft, place, check); });
}

void remove_mappings(nft::Connection& nft, const Owner& owner, const std::vector<Ip>& addresses) {
    remove_everywhere(nft,
                      {[&](ipt::Table& table) { return iptables::remove(table, owner, addresses); },
                       [&](nft::Connection& c) { return nftables::remove(c, owner, addresses); }});
}

void gc_mappings(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    remove_everywhere(nft, {[&](ipt::Table& table) { return iptables::gc(table, network, valid); },
                            [&](nft::Connection& c) { return nftables::gc(c, network, valid); }});
}

std::optional<std::string> mapping_problem(nft::Connection& nft, Backend backend) {
    if (backend == Backend::nftables) return nftables::problem(nft);
    return ipt::problem(nft, flavour_of(backend), {Family::v4, ipt::TableName::nat});
}

}  // namespace cni::portmap
