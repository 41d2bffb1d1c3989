#include "rules.h"

#include <algorithm>

#include "base/contains.h"
#include "base/text.h"

namespace cni::firewall::iptables {
namespace {

using ipt::Rule;

constexpr const char* forward_note = "CNI firewall plugin rules";
constexpr const char* admin_note = "CNI firewall plugin admin overrides";

std::string policy_note(std::string_view policy) {
    return cat("CNI firewall plugin rules (ingressPolicy: ", policy, ")");
}

// RELATED and ESTABLISHED: XT_CONNTRACK_STATE_BIT() of linux/netfilter/xt_conntrack.h makes them of
// IP_CT_RELATED and IP_CT_ESTABLISHED.
constexpr std::uint16_t answers = 1 << 2 | 1 << 1;

ipt::Target target_of(const std::string& name) {
    if (name == "ACCEPT") return ipt::Verdict::accept;
    if (name == "DROP") return ipt::Verdict::drop;
    if (name == "RETURN") return ipt::Verdict::back;
    return ipt::Jump{name};
}

/// Adds a comment and the target to what a rule matches.
Spelled spell(Spelled match, const std::string& note, const std::string& target) {
    match.rule.matches.push_back(ipt::comment(note));
    match.rule.target = target_of(target);
    match.text += cat("-m comment --comment ", note, " -j ", target);
    return match;
}

/// The same with the comment that is for either policy.
Spelled spell_for_any(Spelled match, const std::string& target) {
    const Rule earlier = spell(match, policy_note("same-bridge"), target).rule;
    match = spell(std::move(match), policy_note("same-bridge|isolated"), target);
    match.earlier = earlier;
    return match;
}

Spelled accept(Spelled match) {
    match.rule.target = ipt::Verdict::accept;
    match.text += "-j ACCEPT";
    return match;
}

}  // namespace

Spelled forward_jump() {
    return spell({}, forward_note, passages);
}

Spelled admin_jump(const std::string& chain) {
    return spell({}, admin_note, chain);
}

bool is_admin_jump(const Rule& rule) {
    return std::holds_alternative<ipt::Jump>(rule.target) && rule.comment() == admin_note;
}

Spelled inbound(const Prefix& address) {
    Spelled match{{},
                  cat("-d ", address.to_string(), " -m conntrack --ctstate RELATED,ESTABLISHED ")};
    match.rule.destination = {address};
    match.rule.matches = {ipt::conntrack_state(answers)};
    return accept(match);
}

Spelled outbound(const Prefix& address) {
    Spelled match{{}, cat("-s ", address.to_string(), " ")};
    match.rule.source = {address};
    return accept(match);
}

std::optional<Prefix> let_through(const Rule& rule) {
    const auto& side = rule.source ? rule.source : rule.destination;
    if (!side || side->value != Prefix::host(side->value.ip)) return {};
    if (rule == inbound(side->value).rule || rule == outbound(side->value).rule) return side->value;
    return {};
}

Spelled isolation_jump() {
    return spell_for_any({}, stage_1);
}

Spelled leaving(const std::string& bridge, Policy policy) {
    Spelled match{{}, cat("-i ", bridge, " ! -o ", bridge, " ")};
    match.rule.in = {bridge};
    match.rule.out = {.value = bridge, .inverted = true};
    return spell(match, policy_note(name_of(policies, policy)), stage_2);
}

Spelled staying(const std::string& bridge) {
    Spelled match{{}, cat("-i ", bridge, " -o ", bridge, " ")};
    match.rule.in = match.rule.out = {bridge};
    return spell(match, policy_note(name_of(policies, Policy::isolated)), "DROP");
}

Spelled entering(const std::string& bridge) {
    Spelled match{{}, cat("-o ", bridge, " ")};
    match.rule.out = {bridge};
    return spell_for_any(match, "DROP");
}

Spelled stage_end() {
    return spell_for_any({}, "RETURN");
}

std::optional<std::string> policed_bridge(const Rule& rule) {
    const auto& side = rule.in ? rule.in : rule.out;
    if (!side) return {};
    const std::string& bridge = side->value;
    for (const Spelled& each :
         {leaving(bridge, Policy::same_bridge), leaving(bridge, Policy::isolated), staying(bridge),
          entering(bridge)})
        if (each.is(rule)) return bridge;
    return {};
}

bool ends_all(const Rule& rule) {
    const auto* extension = std::get_if<ipt::Extension>(&rule.target);
    const bool ends = std::holds_alternative<ipt::Verdict>(rule.target) ||
                      (extension && extension->name == "REJECT");
    const auto is_comment = [](const ipt::Extension& match) { return match.name == "comment"; };
    return ends && !rule.foreign && !rule.source && !rule.destination && !rule.in && !rule.out &&
           !rule.protocol && std::ranges::all_of(rule.matches, is_comment);
}

}  // namespace cni::firewall::iptables
