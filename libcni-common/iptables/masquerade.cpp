#include "iptables/masquerade.h"

#include <algorithm>

#include "base/contains.h"
#include "iptables/masquerade_identity.h"

namespace cni::ipt {
namespace {

using masquerading::Identity;
using masquerading::is_named_by_any;
using masquerading::postrouting;

/// The rules of one owner in a table of one family. Those in the chain are sealed, unless it is one
/// of the reference plugins.
struct Rules {
    Rules(Family family, const Identity& identity, std::string chain_, const Extension& note_,
          const std::vector<Prefix>& addresses)
        : chain(std::move(chain_)), note(note_), jump_note(comment(identity.text)) {
        for (const Prefix& address : addresses) {
            if (address.ip.family() != family) continue;
            add_new(accepts, accept(address.network()));
            add_new(jumps, jump(Prefix::host(address.ip)));
        }
        masquerade.destination = {multicast(family), true};
        masquerade.matches = {note};
        masquerade.target = ipt::masquerade(family);
    }

    bool empty() const { return jumps.empty(); }

    Rule accept(const Prefix& subnet) const {
        Rule rule;
        rule.destination = {subnet};
        rule.matches = {note};
        rule.target = Verdict::accept;
        return rule;
    }
    Rule jump(const Prefix& source) const {
        Rule rule;
        rule.source = {source};
        rule.matches = {jump_note};
        rule.target = Jump{chain};
        return rule;
    }

    const std::string chain;
    const Extension note, jump_note;
    std::vector<Rule> accepts;  ///< one for each subnet, ahead of `masquerade`
    Rule masquerade;
    std::vector<Rule> jumps;  ///< one for each address

private:
    static Prefix multicast(Family family) {
        constexpr std::uint8_t v4[] = {224, 0, 0, 0}, v6[16] = {0xff};
        if (family == Family::v4) return {Ip::from_bytes(family, v4), 4};
        return {Ip::from_bytes(family, v6), 8};
    }
    static void add_new(std::vector<Rule>& rules, Rule rule) {
        if (!contains(rules, rule)) rules.push_back(std::move(rule));
    }
};

/// nullptr when all is there, all exceptions ahead of the masquerading.
const Rule* missing_in_chain(const std::vector<Rule>& listed, const Rules& wanted) {
    const auto masquerade = std::ranges::find(listed, wanted.masquerade);
    for (const Rule& accept : wanted.accepts)
        if (std::find(listed.begin(), masquerade, accept) == masquerade) return &accept;
    return masquerade == listed.end() ? &wanted.masquerade : nullptr;
}

void make_chain(Table& table, const Rules& rules) {
    table.ensure_chain(rules.chain);
    for (const Rule& accept : rules.accepts) table.append(rules.chain, accept);
    table.append(rules.chain, rules.masquerade);
    for (const Rule& jump : rules.jumps) table.append(postrouting, jump);
}

bool is_for_any(const Rule& jump, const std::vector<Prefix>& addresses) {
    return jump.source && std::ranges::any_of(addresses, [&](const Prefix& address) {
               // The whole subnet is what old reference plugins wrote.
               return jump.source->value == Prefix::host(address.ip) ||
                      jump.source->value == address.network();
           });
}

/// Drops the exceptions of subnets that none of the remaining sources is in.
void thin_out_chain(Table& table, const std::string& chain, const std::vector<Rule>& remaining,
                    const RuleFilter& is_its) {
    table.remove(chain, [&](const Rule& rule) {
        if (!is_its(rule) || rule.foreign || rule.target != Target{Verdict::accept} ||
            !rule.destination)
            return false;
        return std::ranges::none_of(remaining, [&](const Rule& jump) {
            return !jump.source || rule.destination->value.contains(jump.source->value.ip);
        });
    });
}

/// Whose the rules in a chain are that bears one of an owner's names.
struct Contents {
    Contents(Table& table, const std::string& chain, const Identity& identity) {
        const auto rules = table.rules(chain);
        is_empty = rules.empty();
        for (const Rule& rule : rules) {
            const auto seal = seal_of(rule);
            const bool is_named = identity.is_named_by(rule);
            is_sealed |= seal == identity.seal;
            is_named_only |= !seal && is_named;
            has_other_seals |= seal && seal != identity.seal;
            has_other_names |= !seal && !is_named && is_named_by_any(rule);
        }
    }
    bool is_empty = false;
    bool is_sealed = false;      ///< some are of this very attachment
    bool is_named_only = false;  ///< some are of its container, and do not tell of which interface
    bool has_other_seals = false;
    bool has_other_names = false;
};

/// Removes what the owner has in its chains, and those chains that nobody else has anything in.
class Removal {
public:
    Removal(Table& table, const Identity& identity, const Addresses& addresses)
        : table_(table), identity_(identity), addresses_(addresses) {}

    void run() {
        // A chain of its own tells that one without a seal is another interface's.
        for (auto chain = identity_.chains.rbegin(); chain != identity_.chains.rend(); ++chain)
            if (table_.has_chain(*chain)) remove_from(*chain);
    }

private:
    void remove_from(const std::string& chain) {
        const Contents contents(table_, chain, identity_);
        table_.remove_jumps(postrouting, chain,
                            [&](const Rule& jump) { return is_ours(jump, contents); });
        const std::vector<Rule> remaining = table_.jumps(postrouting, chain);
        const bool is_in_use = std::ranges::any_of(remaining, is_named_by_any);
        const bool is_ours = contents.is_empty || contents.is_sealed || contents.is_named_only;
        const bool has_others = contents.has_other_seals || contents.has_other_names;
        if (is_ours && !is_in_use && !has_others) {
            // What somebody made by hand would keep it alive.
            table_.remove_jumps(postrouting, chain, [](const Rule&) { return true; });
            table_.remove_chain(chain);
        } else if (contents.is_sealed) {
            table_.remove(chain, [&](const Rule& rule) { return identity_.is_sealed_for(rule); });
        } else if (contents.is_named_only) {
            remove_unsealed(chain, remaining);
        }
        found_sealed_ = found_sealed_ || contents.is_sealed;
    }

    bool is_ours(const Rule& jump, const Contents& contents) const {
        if (!identity_.is_named_by(jump)) return false;
        if (contents.is_sealed && !contents.has_other_seals) return true;
        if (addresses_) return is_for_any(jump, *addresses_);
        // Of which of the container's interfaces nothing tells, so it is of the last one to go.
        return !contents.has_other_seals && !found_sealed_;
    }

    void remove_unsealed(const std::string& chain, std::vector<Rule> remaining) {
        std::erase_if(remaining, [&](const Rule& jump) { return !identity_.is_named_by(jump); });
        const auto is_its = [&](const Rule& r) { return !seal_of(r) && identity_.is_named_by(r); };
        if (remaining.empty())
            table_.remove(chain, is_its);
        else
            thin_out_chain(table_, chain, remaining, is_its);
    }

    Table& table_;
    const Identity& identity_;
    const Addresses& addresses_;
    bool found_sealed_ = false;
};

std::string_view program_of(Family family) {
    return family == Family::v4 ? "iptables" : "ip6tables";
}

std::string free_chain(Table& table, const Identity& identity) {
    for (const std::string& chain : identity.chains)
        if (!table.has_chain(chain)) return chain;
    throw Error(Code::internal,
                cat("masquerading: chains ", join(identity.chains, " and "), " of ",
                    program_of(table.family()), "' table nat belong to somebody else"),
                cat("no rule of them says ", identity.text));
}

std::string describe(const Rule& rule) {
    if (rule.source) return cat("the jump for ", rule.source->value.ip.to_string());
    if (rule.target == Target{Verdict::accept})
        return cat("the exception for ", rule.destination->value.to_string());
    return "the masquerading rule behind the exceptions";
}

Error missing(std::string_view what, const std::string& chain, Family family) {
    return Error(Code::internal, cat("masquerading: ", what, " is missing from chain ", chain,
                                     " of ", program_of(family), "' table nat"));
}

std::optional<Error> fault_of(Table& table, const Rules& wanted) {
    if (const Rule* rule = missing_in_chain(table.rules(wanted.chain), wanted))
        return missing(describe(*rule), wanted.chain, table.family());
    for (const Rule& jump : wanted.jumps)
        if (!table.has_rule(postrouting, jump))
            return missing(describe(jump), postrouting, table.family());
    return {};
}

}  // namespace

void add_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses) {
    const Identity identity(owner);
    // What an earlier ADD left.
    Removal(table, identity, addresses).run();
    const Rules rules(table.family(), identity, free_chain(table, identity),
                      sealed_comment(identity.text, identity.seal), addresses);
    if (!rules.empty()) make_chain(table, rules);
}

void remove_masquerade(Table& table, const Owner& owner, const Addresses& addresses) {
    Removal(table, Identity(owner), addresses).run();
}

void check_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses) {
    const Identity identity(owner);
    const auto rules = [&](const std::string& chain, const Extension& note) {
        return Rules(table.family(), identity, chain, note, addresses);
    };
    const Extension sealed = sealed_comment(identity.text, identity.seal);
    const auto& [reference, own] = identity.chains;
    std::vector<Rules> candidates;
    if (table.has_chain(own)) candidates.push_back(rules(own, sealed));
    candidates.push_back(rules(reference, sealed));
    candidates.push_back(rules(reference, comment(identity.text)));
    if (candidates.front().empty()) return;
    if (!table.is_hooked(postrouting)) throw missing("the hook", postrouting, table.family());
    std::optional<Error> fault;
    for (const Rules& wanted : candidates) {
        auto found = fault_of(table, wanted);
        if (!found) return;
        if (!fault) fault = std::move(found);
    }
    throw Error(*fault);
}

}  // namespace cni::ipt
