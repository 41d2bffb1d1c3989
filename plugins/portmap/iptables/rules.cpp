#include "rules.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "iptables/ip_set.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Jump;
using ipt::Rule;

std::uint32_t mark_of(std::uint8_t bit) {
    return std::uint32_t{1} << bit;
}

/// What a packet for the mapping looks like.
Rule match_of(const Mapping& mapping) {
    Rule rule;
    if (const auto destination = mapping.destination())
        rule.destination = {Prefix::host(*destination)};
    rule.protocol = {mapping.protocol};
    rule.matches = {ipt::destination_port(mapping.protocol, mapping.host_port)};
    return rule;
}

Rule mark_rule(const Mapping& mapping, const Prefix& source, const std::string& mark_chain) {
    Rule rule = match_of(mapping);
    if (source.length > 0) rule.source = {source};
    rule.target = Jump{mark_chain};
    return rule;
}

Rule dnat_rule(const Mapping& mapping, const Ip& container) {
    Rule rule = match_of(mapping);
    rule.target = ipt::dnat(container, mapping.container_port);
    return rule;
}

/// The ports of each protocol, in the order of its name and of the mappings, 15 at a time.
struct PortGroup {
    std::uint8_t protocol;
    std::vector<std::uint16_t> ports;
};
std::vector<PortGroup> port_groups(const std::vector<Mapping>& mappings) {
    constexpr std::size_t most_ports = 15;
    std::vector<PortGroup> out;
    constexpr std::uint8_t protocols[] = {IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP};
    for (const std::uint8_t protocol : protocols) {
        std::vector<std::uint16_t> ports;
        for (const Mapping& m : mappings)
            if (m.protocol == protocol) ports.push_back(m.host_port);
        for (std::size_t at = 0; at < ports.size(); at += most_ports) {
            const auto first = ports.begin() + static_cast<std::ptrdiff_t>(at);
            const auto count = std::min(most_ports, ports.size() - at);
            out.push_back({protocol, {first, first + static_cast<std::ptrdiff_t>(count)}});
        }
    }
    return out;
}

Error inexpressible(std::string_view what) {
    return Error(Code::invalid_config, cat("iptables cannot express the conditions: ", what),
                 "use backend nftables, or say it with fewer conditions");
}

template <typename T>
void set_once(std::optional<ipt::Test<T>>& field, T value, bool inverted, std::string_view what) {
    if (field) throw inexpressible(cat("several for the ", what));
    field = {std::move(value), inverted};
}

/// Puts one value of a condition into a rule.
struct AddValue {
    Rule& rule;
    std::size_t number;
    Family family;

    void operator()(const AddressCondition& c) const {
        // iptables keeps no word of one that every address passes.
        if (c.any_of[number].length == 0 && !c.inverted) return;
        const bool is_source = c.side == nft::Side::source;
        set_once(is_source ? rule.source : rule.destination, c.any_of[number], c.inverted,
                 is_source ? "source" : "destination");
    }
    void operator()(const InterfaceCondition& c) const {
        std::string name = c.any_of[number];
        if (name.ends_with('*')) name.back() = '+';
        set_once(c.output ? rule.out : rule.in, std::move(name), c.inverted, "interface");
    }
    void operator()(const ProtocolCondition& c) const {
        // The ports' protocol stands in the rule already.
        const bool same = rule.protocol && rule.protocol->value == c.any_of[number];
        if (!same || c.inverted) throw inexpressible("a protocol besides that of the mapping");
    }
    void operator()(const AddressTypeCondition& c) const {
        unsigned types = 0;
        for (const std::uint8_t type : c.any_of) types |= 1u << type;
        const ipt::AddressTypes test{static_cast<std::uint16_t>(types), c.inverted};
        rule.matches.push_back(c.side == nft::Side::source ? ipt::address_types(test, {})
                                                           : ipt::address_types({}, test));
    }
    void operator()(const MarkCondition& c) const {
        rule.matches.push_back(ipt::mark(c.value, c.mask, c.inverted));
    }
    void operator()(const SetCondition& c) const {
        unsigned sources = 0;
        for (std::size_t i = 0; i < c.parts.size(); ++i)
            if (c.parts[i] == nft::Side::source) sources |= 1u << i;
        rule.matches.push_back(ipt::in_set(ipt::ip_set_number(c.name, family),
                                           static_cast<std::uint8_t>(c.parts.size()),
                                           static_cast<std::uint8_t>(sources), c.inverted));
    }
};

/// Of how many values a rule holds one at a time.
struct CountValues {
    template <typename C>
    std::size_t operator()(const C& c) const {
        if (c.inverted && c.any_of.size() > 1) throw inexpressible("none of several values");
        return c.any_of.size();
    }
    std::size_t operator()(const AddressTypeCondition&) const { return 1; }
    std::size_t operator()(const MarkCondition&) const { return 1; }
    std::size_t operator()(const SetCondition&) const { return 1; }
};

/// One rule for each combination of values, as iptables makes of "-s a,b".
std::vector<Rule> with_conditions(const Rule& rule, const std::vector<Condition>& conditions,
                                  Family family) {
    constexpr std::size_t most_rules = 1000;
    std::vector<Rule> out{rule};
    for (const Condition& condition : conditions) {
        const std::size_t count = std::visit(CountValues{}, condition);
        if (out.size() * count > most_rules) throw inexpressible("too many combinations");
        std::vector<Rule> next;
        for (const Rule& so_far : out)
            for (std::size_t number = 0; number < count; ++number) {
                next.push_back(so_far);
                std::visit(AddValue{next.back(), number, family}, condition);
            }
        out = std::move(next);
    }
    return out;
}

std::string jump_comment_prefix(const std::string& network) {
    return cat("dnat name: \"", network, "\" id: \"");
}

/// dnat name: "net1" id: "c1"
std::string jump_comment(const Owner& owner) {
    constexpr std::size_t longest = 255, kept = 253;
    std::string text = cat(jump_comment_prefix(owner.network), owner.container_id, "\"");
    if (text.size() <= longest) return text;
    // The reference plugin appends three, of which iptables keeps two.
    return text.substr(0, kept) + "..";
}

/// Those of the family. Where a port of one address and of any is mapped, the former comes first.
std::vector<Mapping> in_order(const Forwarding& forwarding) {
    std::vector<Mapping> out;
    std::set<std::pair<std::uint8_t, std::uint16_t>> wide;
    for (const Mapping& m : forwarding.mappings) {
        if (!m.applies_to(forwarding.family())) continue;
        out.push_back(m);
        if (!m.destination()) wide.insert({m.protocol, m.host_port});
    }
    std::stable_partition(out.begin(), out.end(), [&](const Mapping& m) {
        return m.destination() && wide.contains({m.protocol, m.host_port});
    });
    return out;
}

std::optional<std::uint16_t> port_of(const Rule& rule) {
    for (const ipt::Extension& match : rule.matches)
        if (const auto port = ipt::destination_port(match)) return port;
    return {};
}

}  // namespace

bool is_of_mappings(const Jump& jump) {
    return jump.chain.starts_with(chain_prefix);
}

bool names(const Rule& jump, const Owner& owner) {
    return jump.comment() == jump_comment(owner);
}

bool names_network(const Rule& jump, const std::string& network) {
    return jump.comment().starts_with(jump_comment_prefix(network));
}

bool names_container(const Rule& jump, const std::string& container_id) {
    return jump.comment().ends_with(cat("\" id: \"", container_id, "\""));
}

Rule reference_entry_rule() {
    Rule rule;
    rule.matches = {ipt::address_types({}, {1 << RTN_LOCAL})};
    rule.target = Jump{hostport_dnat};
    return rule;
}

Rule entry_rule(Family family) {
    Rule rule = reference_entry_rule();
    if (family == Family::v6)
        rule.destination = {.value = Prefix::host(*Ip::parse("::1")), .inverted = true};
    return rule;
}

MarkChains mark_chains(std::uint8_t bit, Family family, bool is_first_bit) {
    const std::uint32_t mark = mark_of(bit);
    const std::string suffix = is_first_bit ? "" : cat("-", bit);
    MarkChains chains;
    chains.set_mark = cat("CNI-HOSTPORT-SETMARK", suffix);
    chains.masquerade = cat("CNI-HOSTPORT-MASQ", suffix);
    chains.set_mark_rule.matches = {ipt::comment("CNI portfwd masquerade mark")};
    chains.set_mark_rule.target = ipt::set_mark(mark, mark);
    chains.masquerade_rule.matches = {ipt::mark(mark, mark)};
    chains.masquerade_rule.target = ipt::masquerade(family);
    chains.postrouting_jump.matches = {ipt::comment("CNI portfwd requiring masquerade")};
    chains.postrouting_jump.target = Jump{chains.masquerade};
    return chains;
}

bool sets_another_mark(const Rule& rule, std::uint8_t bit) {
    const auto* target = std::get_if<ipt::Extension>(&rule.target);
    return target && target->name == "MARK" &&
           rule.target != ipt::Target(ipt::set_mark(mark_of(bit), mark_of(bit)));
}

std::vector<Rule> mapping_rules(const Forwarding& forwarding, const std::string& mark_chain) {
    std::vector<Rule> rules;
    for (const Mapping& mapping : in_order(forwarding)) {
        for (const Prefix& source : forwarding.masqueraded_sources())
            rules.push_back(mark_rule(mapping, source, mark_chain));
        rules.push_back(dnat_rule(mapping, forwarding.container.ip));
    }
    return rules;
}

std::vector<Rule> jump_rules(const Forwarding& forwarding, const std::string& chain) {
    std::vector<Rule> out;
    for (const PortGroup& group : port_groups(forwarding.mappings)) {
        Rule rule;
        rule.protocol = {group.protocol};
        rule.matches = {ipt::comment(jump_comment(forwarding.owner)),
                        ipt::destination_ports(group.ports)};
        rule.target = Jump{chain};
        for (Rule& one : with_conditions(rule, forwarding.conditions, forwarding.family()))
            out.push_back(std::move(one));
    }
    return out;
}

std::optional<HostPort> parse_host_port(const Rule& rule) {
    const auto port = port_of(rule);
    if (!rule.protocol || !port) return {};
    HostPort out{rule.protocol->value, {}, *port};
    if (rule.destination) out.ip = rule.destination->value.ip;
    return out;
}

std::optional<Translation> parse_translation(const Rule& rule, Family family) {
    const auto* target = std::get_if<ipt::Extension>(&rule.target);
    const auto host_port = parse_host_port(rule);
    if (!target || !host_port) return {};
    const auto to = ipt::dnat_destination(*target, family);
    if (!to) return {};
    return Translation{*host_port, to->ip, to->port};
}

}  // namespace cni::portmap::iptables
