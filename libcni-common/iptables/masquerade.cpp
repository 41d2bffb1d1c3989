#include "iptables/masquerade.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "iptables/extensions.h"

namespace cni::ipt {
namespace {

const std::string postrouting = "POSTROUTING";
constexpr std::string_view chain_prefix = "CNI-";
constexpr std::size_t chain_length = 28;

std::string comment_prefix(const std::string& network) {
    return cat("name: \"", network, "\" id: \"");
}

/// The rules of one owner in a table of one family.
struct Rules {
    Rules(Family family, const Owner& owner, const std::vector<Prefix>& addresses)
        : chain(masquerade_chain(owner.network, owner.container_id)),
          note(comment(masquerade_comment(owner.network, owner.container_id))) {
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
        rule.matches = {note};
        rule.target = Jump{chain};
        return rule;
    }

    const std::string chain;
    const Extension note;
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
        if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(std::move(rule));
    }
};

bool contains(const std::vector<Rule>& rules, const Rule& wanted) {
    return std::ranges::find(rules, wanted) != rules.end();
}

/// nullptr when all is there, all exceptions ahead of the masquerading.
const Rule* missing_in_chain(const std::vector<Rule>& listed, const Rules& wanted) {
    const auto masquerade = std::ranges::find(listed, wanted.masquerade);
    for (const Rule& accept : wanted.accepts)
        if (std::find(listed.begin(), masquerade, accept) == masquerade) return &accept;
    return masquerade == listed.end() ? &wanted.masquerade : nullptr;
}

/// Other interfaces of the container may use the chain: their subnets' rules stay.
void complete_chain(Table& table, const Rules& rules) {
    if (!missing_in_chain(table.rules(rules.chain), rules)) return;
    table.remove(rules.chain, [&](const Rule& rule) {
        return rule == rules.masquerade || contains(rules.accepts, rule);
    });
    for (auto accept = rules.accepts.rbegin(); accept != rules.accepts.rend(); ++accept)
        table.prepend(rules.chain, *accept);
    table.append(rules.chain, rules.masquerade);
}

void make_chain(Table& table, const Rules& rules) {
    table.ensure_chain(rules.chain);
    for (const Rule& accept : rules.accepts) table.append(rules.chain, accept);
    table.append(rules.chain, rules.masquerade);
}

std::vector<Rule> jumps_to(Table& table, const std::string& chain) {
    std::vector<Rule> jumps = table.rules(postrouting);
    std::erase_if(jumps, [&](const Rule& rule) { return !rule.jumps_to(chain); });
    return jumps;
}

bool is_for_any(const Rule& jump, const std::vector<Prefix>& addresses) {
    return jump.source && std::ranges::any_of(addresses, [&](const Prefix& address) {
               // The whole subnet is what old reference plugins wrote.
               return jump.source->value == Prefix::host(address.ip) ||
                      jump.source->value == address.network();
           });
}

/// Drops the exceptions of subnets that none of the remaining sources is in.
void thin_out_chain(Table& table, const std::string& chain, const std::vector<Rule>& remaining) {
    table.remove(chain, [&](const Rule& rule) {
        if (rule.foreign || rule.target != Target{Verdict::accept} || !rule.destination)
            return false;
        return std::ranges::none_of(remaining, [&](const Rule& jump) {
            return !jump.source || rule.destination->value.contains(jump.source->value.ip);
        });
    });
}

[[noreturn]] void report_missing(std::string_view what, const std::string& chain, Family family) {
    throw Error(Code::internal,
                cat("masquerading: ", what, " is missing from chain ", chain, " of ",
                    family == Family::v4 ? "iptables" : "ip6tables", "' table nat"));
}

std::string describe(const Rule& rule) {
    if (rule.source) return cat("the jump for ", rule.source->value.ip.to_string());
    if (rule.target == Target{Verdict::accept})
        return cat("the exception for ", rule.destination->value.to_string());
    return "the masquerading rule behind the exceptions";
}

}  // namespace

std::string masquerade_chain(const std::string& network, const std::string& container_id) {
    return cat(chain_prefix, sha512_hex(cat(network, container_id))).substr(0, chain_length);
}

std::string masquerade_comment(const std::string& network, const std::string& container_id) {
    return cat(comment_prefix(network), container_id, "\"");
}

void add_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses) {
    const Rules rules(table.family(), owner, addresses);
    if (rules.empty()) return;
    std::vector<Rule> present;
    if (table.has_chain(rules.chain)) {
        complete_chain(table, rules);
        present = jumps_to(table, rules.chain);
    } else {
        make_chain(table, rules);  // nothing jumps to what did not exist
    }
    for (const Rule& jump : rules.jumps)
        if (!contains(present, jump)) table.append(postrouting, jump);
}

void remove_masquerade(Table& table, const Owner& owner,
                       const std::function<std::vector<Prefix>()>& in_use) {
    const std::string chain = masquerade_chain(owner.network, owner.container_id);
    if (!table.has_chain(chain)) return;
    const std::vector<Prefix> kept = in_use();
    table.remove(postrouting,
                 [&](const Rule& rule) { return rule.jumps_to(chain) && !is_for_any(rule, kept); });
    const std::vector<Rule> remaining = jumps_to(table, chain);
    if (remaining.empty())
        table.remove_chain(chain);
    else
        thin_out_chain(table, chain, remaining);
}

void check_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses) {
    const Rules rules(table.family(), owner, addresses);
    if (rules.empty()) return;
    if (const Rule* missing = missing_in_chain(table.rules(rules.chain), rules))
        report_missing(describe(*missing), rules.chain, table.family());
    const std::vector<Rule> present = jumps_to(table, rules.chain);
    for (const Rule& jump : rules.jumps)
        if (!contains(present, jump)) report_missing(describe(jump), postrouting, table.family());
}

void gc_masquerade(Table& table, const std::string& network, const std::vector<Owner>& valid) {
    std::set<std::string> kept, stale;
    for (const Owner& owner : valid) kept.insert(masquerade_chain(network, owner.container_id));
    const std::string ours = comment_prefix(network);
    for (const Rule& rule : table.rules(postrouting)) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (jump && jump->chain.starts_with(chain_prefix) && rule.comment().starts_with(ours) &&
            !kept.contains(jump->chain))
            stale.insert(jump->chain);
    }
    table.remove(postrouting, [&](const Rule& rule) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        return jump && stale.contains(jump->chain);
    });
    for (const std::string& chain : stale) table.remove_chain(chain);
}

}  // namespace cni::ipt
