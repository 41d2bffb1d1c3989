#include "iptables_backend.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "iptables_rules.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Jump;
using ipt::Rule;
using ipt::Table;

constexpr std::string_view chain_prefix = "CNI-DN-";
constexpr std::size_t chain_length = 28;

/// What ancient versions made; only removed.
const std::string hostport_snat = "CNI-HOSTPORT-SNAT";
constexpr std::string_view snat_prefix = "CNI-SN-";

std::string chain_name(std::string_view prefix, const std::string& hashed) {
    return cat(prefix, sha512_hex(hashed)).substr(0, chain_length);
}

/// Of the reference plugin, for whichever interface.
std::string reference_chain(const Owner& owner) {
    return chain_name(chain_prefix, owner.network + owner.container_id);
}

bool contains(const std::vector<Rule>& rules, const Rule& wanted) {
    return std::ranges::find(rules, wanted) != rules.end();
}

void ensure_rule(Table& table, const std::string& chain, const Rule& rule) {
    if (!table.has_rule(chain, rule)) table.append(chain, rule);
}

std::vector<Forwarded> mappings_of(Table& table, const std::string& chain) {
    std::vector<Forwarded> out;
    for (const Rule& rule : table.rules(chain))
        if (const auto mapping = parse_mapping(rule, table.family())) out.push_back(*mapping);
    return out;
}

// ---------------------------------------------------------------- masquerading

/// The first one to come decides on the bit of the chains without a number.
MarkChains choose_mark_chains(Table& table, std::uint8_t bit) {
    const MarkChains first = mark_chains(bit, table.family(), true);
    const auto rules = table.rules(first.set_mark);
    const bool taken =
        std::ranges::any_of(rules, [&](const Rule& rule) { return sets_another_mark(rule, bit); });
    return taken && !contains(rules, first.set_mark_rule) ? mark_chains(bit, table.family(), false)
                                                          : first;
}

/// Returns the chain that what is to be masqueraded goes through.
std::string ensure_mark_chains(Table& table, const Forwarding& forwarding) {
    if (!forwarding.snat) return {};
    if (forwarding.external_mark_chain) {
        const std::string& chain = *forwarding.external_mark_chain;
        if (!table.has_chain(chain))
            throw Error(Code::internal, cat("Chain '", chain, "' does not exist"),
                        "\"externalSetMarkChain\" names a chain of table nat that sets a mark");
        return chain;
    }
    const MarkChains chains = choose_mark_chains(table, forwarding.mark_bit);
    table.ensure_chain(chains.set_mark);
    ensure_rule(table, chains.set_mark, chains.set_mark_rule);
    table.ensure_chain(chains.masquerade);
    ensure_rule(table, chains.masquerade, chains.masquerade_rule);
    // Ahead of the masquerading of interface plugins, which makes exceptions for their subnets.
    if (!table.has_rule(postrouting, chains.postrouting_jump))
        table.prepend(postrouting, chains.postrouting_jump);
    return chains.set_mark;
}

// ---------------------------------------------------------------- taking over

enum class Claim { none, same, wider };

/// What another mapping is to one of ours.
Claim claim_of(const Forwarded& other, const Mapping& ours) {
    if (other.protocol != ours.protocol || other.host_port != ours.host_port) return Claim::none;
    if (other.host_ip == ours.destination()) return Claim::same;
    return other.host_ip ? Claim::none : Claim::wider;
}

bool names_port_of(const Rule& jump, const Mapping& mapping) {
    if (!jump.protocol || jump.protocol->value != mapping.protocol) return false;
    for (const ipt::Extension& match : jump.matches)
        if (std::ranges::count(ipt::destination_ports(match), mapping.host_port) > 0) return true;
    return false;
}

std::set<std::string> chains_with_our_ports(Table& table, const Forwarding& forwarding,
                                            const std::string& own_chain) {
    std::set<std::string> chains;
    for (const Rule& rule : table.rules(hostport_dnat)) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (!jump || jump->chain == own_chain) continue;
        for (const Mapping& mapping : forwarding.mappings)
            if (names_port_of(rule, mapping)) chains.insert(jump->chain);
    }
    return chains;
}

/// Removes the mappings of others that are for the same address, protocol and port as ours. Whether
/// there is one left for any address where ours is for a certain one: ours has to come first then.
bool take_over(Table& table, const Forwarding& forwarding, const std::string& own_chain) {
    bool is_narrower = false;
    for (const std::string& chain : chains_with_our_ports(table, forwarding, own_chain)) {
        for (const Mapping& mapping : forwarding.mappings) {
            if (!mapping.applies_to(table.family())) continue;
            table.remove(chain, [&](const Rule& rule) {
                const auto other = parse_mapping(rule, table.family());
                const Claim claim = other ? claim_of(*other, mapping) : Claim::none;
                is_narrower = is_narrower || claim == Claim::wider;
                return claim == Claim::same;
            });
        }
    }
    return is_narrower;
}

// ---------------------------------------------------------------- removing

void remove_jumps(Table& table, const std::string& from, const std::string& chain) {
    table.remove_jumps(from, chain, [](const Rule&) { return true; });
}

void remove_chain(Table& table, const std::string& chain, std::vector<Forwarded>& removed) {
    if (!table.has_chain(chain)) return;
    const auto mappings = mappings_of(table, chain);
    removed.insert(removed.end(), mappings.begin(), mappings.end());
    remove_jumps(table, hostport_dnat, chain);
    table.remove_chain(chain);
}

bool leads_only_to(Table& table, const std::string& chain, const std::vector<Ip>& addresses) {
    const auto mappings = mappings_of(table, chain);
    return !mappings.empty() && std::ranges::all_of(mappings, [&](const Forwarded& m) {
        return std::ranges::find(addresses, m.container_ip) != addresses.end();
    });
}

void remove_ancient(Table& table, const Owner& owner) {
    const std::string chain = chain_name(snat_prefix, owner.network + owner.container_id);
    if (!table.has_chain(chain)) return;
    remove_jumps(table, hostport_snat, chain);
    table.remove_chain(chain);
}

[[noreturn]] void report(const Table& table, std::string_view what) {
    throw check_failure(table.family(), what);
}

void require_rule(Table& table, const std::string& chain, const Rule& rule, std::string_view what) {
    if (!table.has_rule(chain, rule))
        report(table, cat(what, " in chain ", chain, " not found in table nat"));
}

void check_mark_chains(Table& table, const Forwarding& forwarding) {
    if (!forwarding.snat || forwarding.external_mark_chain) return;
    const MarkChains chains = choose_mark_chains(table, forwarding.mark_bit);
    require_rule(table, chains.set_mark, chains.set_mark_rule, "the rule that sets the mark");
    require_rule(table, chains.masquerade, chains.masquerade_rule, "the rule that masquerades");
    require_rule(table, postrouting, chains.postrouting_jump,
                 cat("the jump to ", chains.masquerade));
}

std::string mark_chain_of(Table& table, const Forwarding& forwarding) {
    return forwarding.external_mark_chain ? *forwarding.external_mark_chain
                                          : choose_mark_chains(table, forwarding.mark_bit).set_mark;
}

}  // namespace

std::string chain_of(const Owner& owner) {
    if (owner.ifname == "eth0") return reference_chain(owner);
    return chain_name(chain_prefix, cat(owner.network, owner.container_id, " ", owner.ifname));
}

void add(Table& table, const Forwarding& forwarding) {
    if (forwarded_by(forwarding).empty()) return;
    const std::string chain = chain_of(forwarding.owner);
    const std::vector<Rule> jumps = jump_rules(forwarding, chain);
    const std::string mark_chain = ensure_mark_chains(table, forwarding);
    table.ensure_chain(hostport_dnat);
    ensure_rule(table, prerouting, entry_rule());
    ensure_rule(table, output, entry_rule());

    std::vector<Forwarded> earlier;
    remove_chain(table, chain, earlier);
    table.ensure_chain(chain);
    for (const Rule& rule : mapping_rules(forwarding, mark_chain)) table.append(chain, rule);
    if (take_over(table, forwarding, chain)) {
        for (auto jump = jumps.rbegin(); jump != jumps.rend(); ++jump)
            table.prepend(hostport_dnat, *jump);
    } else {
        for (const Rule& jump : jumps) table.append(hostport_dnat, jump);
    }
}

void check(Table& table, const Forwarding& forwarding) {
    if (forwarded_by(forwarding).empty()) return;
    const std::string chain = chain_of(forwarding.owner);
    if (!table.has_chain(chain))
        report(table, cat("chain ", chain, " not found in iptables table nat"));
    const auto present = table.rules(chain);
    for (const Rule& rule : mapping_rules(forwarding, mark_chain_of(table, forwarding)))
        if (!contains(present, rule)) {
            const auto mapping = parse_mapping(rule, table.family());
            report(table, cat("the rule ", mapping ? "for" : "that marks what is for", " port ",
                              mapping ? cat(mapping->host_port) : "of the host", " in chain ",
                              chain, " not found in table nat"));
        }
    for (const Rule& jump : jump_rules(forwarding, chain))
        require_rule(table, hostport_dnat, jump, cat("the jump to ", chain));
    require_rule(table, prerouting, entry_rule(), cat("the jump to ", hostport_dnat));
    require_rule(table, output, entry_rule(), cat("the jump to ", hostport_dnat));
    check_mark_chains(table, forwarding);
}

Error check_failure(Family family, std::string_view what) {
    const char* name = family == Family::v4 ? "ipv4" : "ipv6";
    return Error(Code::internal, cat("could not check ", name, " dnat: ", what));
}

std::vector<Forwarded> remove(Table& table, const Owner& owner, const std::vector<Ip>& addresses) {
    std::vector<Forwarded> removed;
    const std::string chain = chain_of(owner), reference = reference_chain(owner);
    remove_chain(table, chain, removed);
    if (reference != chain && leads_only_to(table, reference, addresses))
        remove_chain(table, reference, removed);
    remove_ancient(table, owner);
    return removed;
}

std::vector<Forwarded> gc(Table& table, const std::string& network,
                          const std::vector<Owner>& valid) {
    std::set<std::string> kept, stale;
    for (const Owner& owner : valid) {
        const Owner here{network, owner.container_id, owner.ifname};
        kept.insert({chain_of(here), reference_chain(here)});
    }
    const std::string ours = jump_comment_prefix(network);
    for (const Rule& rule : table.rules(hostport_dnat)) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (jump && jump->chain.starts_with(chain_prefix) && rule.comment().starts_with(ours) &&
            !kept.contains(jump->chain))
            stale.insert(jump->chain);
    }
    std::vector<Forwarded> removed;
    for (const std::string& chain : stale) remove_chain(table, chain, removed);
    return removed;
}

}  // namespace cni::portmap::iptables
