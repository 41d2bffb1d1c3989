#include "admission_config.h"

#include <algorithm>

#include "base/contains.h"

namespace cni::firewall {
namespace {

/// Of one list, all CIDRs and ports multiplied: each is a rule that packets may have to pass.
constexpr std::size_t max_allowances = 1000;
constexpr std::string_view entry_keys[] = {"cidrs", "protocol", "ports"};

// One that is misspelt would let through more than was meant.
void require_known_keys(const Json& entry) {
    for (const auto& [key, value] : entry.members())
        if (!contains(entry_keys, lower(key)))
            throw ConfigError(value, cat(quote(entry.path()), " has an unknown key ", quote(key)),
                              "known are \"cidrs\", \"protocol\" and \"ports\"");
}

/// The elements of a list, which is not empty where it is given.
std::vector<Json> elements_of(const Json& entry, std::string_view key) {
    std::vector<Json> list = entry.list(key);
    if (const auto at = entry.find(key); at && list.empty())
        throw at->invalid("is an empty list: leave it out for any");
    return list;
}

Prefix parse_peer(const Json& json) {
    const Prefix peer = json.as_prefix();
    const Prefix network = peer.network();
    if (network == peer) return peer;
    throw ConfigError(json, cat(quote(json.path()), " has bits beyond its length"),
                      cat(quote(json.as_string()), " may be ", network.to_string(), " or ",
                          Prefix::host(peer.ip).to_string()));
}

std::optional<Protocol> parse_protocol(const Json& entry) {
    const std::string name = lower(entry.string_or("protocol", ""));
    if (name.empty()) return {};
    for (const auto& [known, protocol] : protocols)
        if (known == name) return protocol;
    throw entry.find("protocol")->invalid("must be one of tcp, udp, sctp, icmp");
}

std::optional<PortRange> parse_range(std::string_view text) {
    const auto parts = split(text, '-');
    const auto first = parse_int<std::uint16_t>(parts.front());
    const auto last = parse_int<std::uint16_t>(parts.back());
    if (parts.size() != 2 || !first || !last || *first == 0 || *first > *last) return {};
    return PortRange{*first, *last};
}

PortRange parse_ports(const Json& json) {
    if (json.is_string()) {
        if (const auto range = parse_range(json.as_string())) return *range;
        throw json.invalid("must be a port, or a range of them like \"8000-8100\"");
    }
    const auto port = static_cast<std::uint16_t>(json.as_int(1, 65535));
    return {port, port};
}

/// In place of "any".
template <typename T>
std::vector<std::optional<T>> or_any(std::vector<std::optional<T>> list) {
    if (list.empty()) list.emplace_back();
    return list;
}

std::optional<Allowances> parse_list(const std::optional<Json>& list) {
    if (!list) return {};
    Allowances out;
    for (const Json& entry : list->as_list()) {
        const Allowances more = parse_allowances(entry);
        out.insert(out.end(), more.begin(), more.end());
        if (out.size() > max_allowances)
            throw list->invalid(cat("lists more than ", max_allowances,
                                    " rules, CIDRs times ports of all its entries"));
    }
    return out;
}

// What stands in the configuration has to be right even where it does not count.
std::optional<Allowances> parse_direction(const NetConf& conf, std::string_view key) {
    auto configured = parse_list(conf.json.find(key));
    if (const auto given = conf.runtime_config(key)) return parse_list(given);
    return configured;
}

}  // namespace

Allowances parse_allowances(const Json& entry) {
    if (!entry.is_object()) throw entry.invalid("must be an object with cidrs, protocol and ports");
    require_known_keys(entry);
    std::vector<std::optional<Prefix>> peers;
    for (const Json& peer : elements_of(entry, "cidrs")) peers.emplace_back(parse_peer(peer));
    const auto protocol = parse_protocol(entry);
    std::vector<std::optional<PortRange>> ports;
    for (const Json& port : elements_of(entry, "ports")) ports.emplace_back(parse_ports(port));
    if (!ports.empty() && (!protocol || protocol == Protocol::icmp))
        throw entry.find("ports")->invalid("need a protocol that has ports: tcp, udp or sctp");
    Allowances out;
    for (const auto& peer : or_any(peers))
        for (const auto& range : or_any(ports)) out.push_back({peer, protocol, range});
    return out;
}

Admission parse_admission(const NetConf& conf) {
    return {.ingress = parse_direction(conf, "ingress"),
            .egress = parse_direction(conf, "egress"),
            .lets_host_in = conf.json.bool_or("ingressFromHost", true),
            .is_gated = conf.json.bool_or("gate", false)};
}

}  // namespace cni::firewall
