#include "backend.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/contains.h"
#include "names.h"
#include "rules.h"
#include "takeover.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Jump;
using ipt::Rule;
using ipt::Table;

/// What ancient versions made; only removed.
constexpr const char* hostport_snat = "CNI-HOSTPORT-SNAT";
constexpr std::string_view snat_prefix = "CNI-SN-";

void ensure_rule(Table& table, const std::string& chain, const Rule& rule) {
    if (!table.has_rule(chain, rule)) table.append(chain, rule);
}

Translations translations_in(Table& table, const std::string& chain) {
    Translations out;
    for (const Rule& rule : table.rules(chain))
        if (const auto found = parse_translation(rule, table.family())) out.push_back(*found);
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

// ---------------------------------------------------------------- adding and removing

void remove_jumps(Table& table, const std::string& from, const std::string& chain) {
    table.remove_jumps(from, chain, [](const Rule&) { return true; });
}

/// What the owner has in a chain that he shares with others, whose names lead to the same.
void remove_share(Table& table, const std::string& chain, const Owner& owner,
                  const std::vector<Ip>& addresses, Translations& removed) {
    table.remove(hostport_dnat,
                 [&](const Rule& rule) { return rule.jumps_to(chain) && names(rule, owner); });
    table.remove(chain, [&](const Rule& rule) {
        const auto translation = parse_translation(rule, table.family());
        const bool is_own = translation && contains(addresses, translation->to);
        if (is_own) removed.push_back(*translation);
        return is_own;
    });
}

void remove_chain(Table& table, const Jumps& jumps, const std::string& chain, const Owner& owner,
                  const std::vector<Ip>& addresses, Translations& removed) {
    if (jumps.is_shared(chain, owner)) return remove_share(table, chain, owner, addresses, removed);
    append(removed, translations_in(table, chain));
    remove_jumps(table, hostport_dnat, chain);
    table.remove_chain(chain);
}

/// Removes what an earlier ADD left; returns the chain to be filled.
std::string begin_chain(Table& table, const Jumps& jumps, const Forwarding& forwarding) {
    const Owner& owner = forwarding.owner;
    std::optional<std::string> chosen;
    Translations earlier;
    for (const std::string& chain : chains_of(owner)) {
        if (jumps.holder_of(chain, owner) == Jumps::Holder::another) continue;
        if (table.has_chain(chain))
            remove_chain(table, jumps, chain, owner, {forwarding.container.ip}, earlier);
        if (!chosen) chosen = chain;
    }
    if (!chosen)
        throw Error(Code::internal,
                    cat("chain ", chain_of(owner), " of table nat is of another container"),
                    cat("the names of two containers, one of them ", quote(owner.container_id),
                        ", have the same hash; choose another id"));
    table.ensure_chain(*chosen);
    return *chosen;
}

void prepend_all(Table& table, const std::vector<Rule>& jumps) {
    for (auto jump = jumps.rbegin(); jump != jumps.rend(); ++jump)
        table.prepend(hostport_dnat, *jump);
}

/// At the head again, where they may have been.
void lift(Table& table, const std::vector<Rule>& jumps) {
    if (jumps.empty()) return;
    table.remove(hostport_dnat, [&](const Rule& rule) { return contains(jumps, rule); });
    prepend_all(table, jumps);
}

void add_jumps(Table& table, const Jumps& others, const Forwarding& forwarding,
               const std::string& chain, const Rivals& rivals) {
    const std::vector<Rule> jumps = jump_rules(forwarding, chain);
    if (forwarding.leads_out && !rivals.siblings.empty())
        prepend_all(table, jumps);
    else
        for (const Rule& jump : jumps) table.append(hostport_dnat, jump);
    lift(table, rivals.narrow_jumps);
    prepend_all(table, narrow_jumps(jumps, rivals.own_narrow));
    if (forwarding.leads_out) return;
    for (const std::string& sibling : rivals.siblings)
        lift(table, narrow_jumps(others.to(sibling), rivals.own_narrow));
}

/// The host keeps what is for ::1. The reference plugin would send it to its chains.
void ensure_entries(Table& table) {
    table.ensure_chain(hostport_dnat);
    const Rule wanted = entry_rule(table.family()), theirs = reference_entry_rule();
    for (const char* hook : {prerouting, output}) {
        ensure_rule(table, hook, wanted);
        if (theirs != wanted && table.has_rule(hook, theirs))
            table.remove(hook, [&](const Rule& rule) { return rule == theirs; });
    }
}

bool leads_only_to(Table& table, const std::string& chain, const std::vector<Ip>& addresses) {
    const auto translations = translations_in(table, chain);
    return !translations.empty() && std::ranges::all_of(translations, [&](const Translation& t) {
        return contains(addresses, t.to);
    });
}

void remove_ancient(Table& table, const Owner& owner) {
    const std::string chain = chain_name(snat_prefix, owner.network + owner.container_id);
    if (!table.has_chain(chain)) return;
    const std::string text = cat("name: \"", owner.network, "\" id: \"", owner.container_id, "\"");
    for (const Rule& rule : table.rules(hostport_snat))
        if (const std::string comment = rule.comment();
            rule.jumps_to(chain) && !comment.empty() && comment.find(text) == comment.npos)
            return;
    remove_jumps(table, hostport_snat, chain);
    table.remove_chain(chain);
}

// ---------------------------------------------------------------- checking

[[noreturn]] void report(const Table& table, std::string_view what) {
    throw check_failure(table.family(), what);
}

void require_rule(Table& table, const std::string& chain, const Rule& rule, std::string_view what) {
    if (!table.has_rule(chain, rule))
        report(table, cat(what, " in chain ", chain, " not found in table nat"));
}

/// Rules that are looked for one after the other, mostly in the order in which they stand.
class Present {
public:
    explicit Present(std::vector<Rule> rules) : rules_(std::move(rules)), next_(rules_.begin()) {}
    bool contain(const Rule& wanted) {
        auto found = std::find(next_, rules_.end(), wanted);
        if (found == rules_.end())
            found = std::find(rules_.begin(), next_, wanted);
        else
            next_ = found + 1;
        return found != rules_.end() && *found == wanted;
    }

private:
    std::vector<Rule> rules_;
    std::vector<Rule>::iterator next_;
};

std::string own_chain(const Jumps& jumps, const Owner& owner) {
    for (const std::string& chain : chains_of(owner))
        if (jumps.holder_of(chain, owner) == Jumps::Holder::owner) return chain;
    return chain_of(owner);
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

Translations add(Table& table, const Forwarding& forwarding) {
    if (forwarding.empty()) return {};
    const std::string mark_chain = ensure_mark_chains(table, forwarding);
    ensure_entries(table);
    const Jumps jumps(table);
    const std::string chain = begin_chain(table, jumps, forwarding);
    for (const Rule& rule : mapping_rules(forwarding, mark_chain)) table.append(chain, rule);
    const Rivals rivals = take_over(table, jumps, forwarding, chain);
    add_jumps(table, jumps, forwarding, chain, rivals);
    return rivals.ahead;
}

void displace(Table& table, const Forwarding& forwarding) {
    if (!forwarding.empty()) take_over(table, Jumps(table), forwarding, {});
}

void check(Table& table, const Forwarding& forwarding) {
    if (forwarding.empty()) return;
    const std::string chain = own_chain(Jumps(table), forwarding.owner);
    if (!table.has_chain(chain))
        report(table, cat("chain ", chain, " not found in iptables table nat"));
    Present present(table.rules(chain)), jumps(table.rules(hostport_dnat));
    for (const Rule& rule : mapping_rules(forwarding, mark_chain_of(table, forwarding)))
        if (!present.contain(rule)) {
            const auto translation = parse_translation(rule, table.family());
            report(table, cat("the rule ", translation ? "for" : "that marks what is for", " port ",
                              translation ? cat(translation->from.port) : "of the host",
                              " in chain ", chain, " not found in table nat"));
        }
    const std::string to_entry = cat("the jump to ", hostport_dnat);
    for (const Rule& jump : jump_rules(forwarding, chain))
        if (!jumps.contain(jump))
            report(table, cat("the jump to ", chain, " in chain ", hostport_dnat,
                              " not found in table nat"));
    // The latter where the reference plugin made it.
    for (const char* hook : {prerouting, output})
        if (!table.has_rule(hook, entry_rule(table.family())))
            require_rule(table, hook, reference_entry_rule(), to_entry);
    check_mark_chains(table, forwarding);
}

Error check_failure(Family family, std::string_view what) {
    const char* name = family == Family::v4 ? "ipv4" : "ipv6";
    return Error(Code::internal, cat("could not check ", name, " dnat: ", what));
}

Translations remove(Table& table, const Owner& owner, const std::vector<Ip>& addresses) {
    Translations removed;
    std::vector<std::string> candidates;
    const auto own = chains_of(owner);
    for (const std::string& chain : own)
        if (table.has_chain(chain)) candidates.push_back(chain);
    const std::string reference = reference_chain(owner);
    if (reference != own.front() && leads_only_to(table, reference, addresses))
        candidates.push_back(reference);
    if (!candidates.empty()) {
        const Jumps jumps(table);
        for (const std::string& chain : candidates)
            if (jumps.holder_of(chain, owner) != Jumps::Holder::another)
                remove_chain(table, jumps, chain, owner, addresses, removed);
    }
    remove_ancient(table, owner);
    return removed;
}

Translations gc(Table& table, const std::string& network, const std::vector<Owner>& valid) {
    std::map<std::string, std::vector<Owner>> kept;  // by chain
    for (const Owner& owner : valid) {
        const Owner here{network, owner.container_id, owner.ifname};
        for (const std::string& chain : chains_of(here)) kept[chain].push_back(here);
        kept[reference_chain(here)].push_back(here);
    }
    std::set<std::string> left;
    table.remove(hostport_dnat, [&](const Rule& rule) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (!jump || !is_of_mappings(*jump) || !names_network(rule, network)) return false;
        const auto owners = kept.find(jump->chain);
        const bool stays =
            owners != kept.end() &&
            std::ranges::any_of(owners->second, [&](const Owner& o) { return names(rule, o); });
        if (!stays) left.insert(jump->chain);
        return !stays;
    });
    Translations removed;
    if (left.empty()) return removed;
    const Jumps jumps(table);
    for (const std::string& chain : left) {
        // Others' jumps may lead there as well.
        if (!jumps.to(chain).empty()) continue;
        append(removed, translations_in(table, chain));
        table.remove_chain(chain);
    }
    return removed;
}

}  // namespace cni::portmap::iptables
