#include "iptables_takeover.h"

#include <algorithm>

#include "iptables_rules.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Rule;

/// The ports of a forwarding, to be found by protocol and number.
class Ports {
public:
    explicit Ports(const Forwarding& forwarding) {
        for (const Forwarded& m : forwarded_by(forwarding))
            addresses_[{m.protocol, m.host_port}].insert(m.host_ip);
    }

    bool contain_some_of(const Rule& jump) const {
        if (!jump.protocol) return false;
        for (const ipt::Extension& match : jump.matches)
            for (const std::uint16_t port : ipt::destination_ports(match))
                if (addresses_.contains({jump.protocol->value, port})) return true;
        return false;
    }

    /// What another mapping is to ours.
    enum class Relation { none, same, wider, narrower };
    Relation relation_of(const Forwarded& other) const {
        const auto found = addresses_.find({other.protocol, other.host_port});
        if (found == addresses_.end()) return Relation::none;
        if (found->second.contains(other.host_ip)) return Relation::same;
        if (!other.host_ip) return Relation::wider;
        return found->second.contains(std::nullopt) ? Relation::narrower : Relation::none;
    }

    /// For one address each, of a protocol and port.
    void append_narrow(HostPorts& to, std::uint8_t protocol, std::uint16_t port) const {
        for (const auto& address : addresses_.at({protocol, port}))
            if (address) to.insert({protocol, address, port});
    }

private:
    std::map<std::pair<std::uint8_t, std::uint16_t>, std::set<std::optional<Ip>>> addresses_;
};

void append(std::vector<Rule>& to, std::vector<Rule> more) {
    std::ranges::move(more, std::back_inserter(to));
}

/// `jump` for one address; nullopt when its conditions exclude that.
std::optional<Rule> narrowed(const Rule& jump, const Ip& address,
                             const std::vector<std::uint16_t>& ports) {
    Rule out = jump;
    if (jump.destination && jump.destination->value.contains(address) == jump.destination->inverted)
        return {};
    out.destination = {Prefix::host(address)};
    for (ipt::Extension& match : out.matches)
        if (!ipt::destination_ports(match).empty()) match = ipt::destination_ports(ports);
    return out;
}

}  // namespace

std::vector<Rule> narrow_jumps(const std::vector<Rule>& jumps, const HostPorts& narrow) {
    std::map<std::pair<std::uint8_t, std::uint16_t>, std::vector<Ip>> addresses;
    for (const auto& [protocol, address, port] : narrow)
        if (address) addresses[{protocol, port}].push_back(*address);
    std::vector<Rule> out;
    for (const Rule& jump : jumps) {
        if (!jump.protocol) continue;
        std::map<Ip, std::vector<std::uint16_t>> ports;
        for (const ipt::Extension& match : jump.matches)
            for (const std::uint16_t port : ipt::destination_ports(match))
                if (const auto its = addresses.find({jump.protocol->value, port});
                    its != addresses.end())
                    for (const Ip& address : its->second) ports[address].push_back(port);
        for (const auto& [address, its] : ports)
            // Once, where `jumps` holds it already.
            if (auto rule = narrowed(jump, address, its);
                rule && std::ranges::find(out, *rule) == out.end())
                out.push_back(*std::move(rule));
    }
    return out;
}

Rivals take_over(ipt::Table& table, const Jumps& jumps, const Forwarding& forwarding,
                 const std::string& own_chain) {
    using Relation = Ports::Relation;
    const Ports ours(forwarding);
    Rivals rivals;
    for (const auto& [chain, its_jumps] : jumps.by_chain()) {
        if (chain == own_chain || std::ranges::none_of(its_jumps, [&](const Rule& jump) {
                return ours.contain_some_of(jump);
            }))
            continue;
        const bool is_sibling = jumps.is_of_container(chain, forwarding.owner.container_id);
        HostPorts lost, same, narrower;
        for (const Rule& rule : table.rules(chain)) {
            const auto mapping = parse_mapping(rule, table.family());
            const Relation relation = mapping ? ours.relation_of(*mapping) : Relation::none;
            if (relation == Relation::same)
                (is_sibling ? same : lost).insert(host_port_of(*mapping));
            if (relation == Relation::wider)
                ours.append_narrow(rivals.own_narrow, mapping->protocol, mapping->host_port);
            if (relation == Relation::narrower) narrower.insert(host_port_of(*mapping));
            if (relation == Relation::narrower ||
                (is_sibling && relation == Relation::same && !forwarding.leads_out))
                rivals.ahead.push_back(*mapping);
        }
        if (!lost.empty())
            table.remove(chain, [&](const Rule& rule) {
                const auto host_port = parse_host_port(rule);
                return host_port && lost.contains(*host_port);
            });
        if (!same.empty()) rivals.siblings.push_back(chain);
        append(rivals.narrow_jumps, narrow_jumps(its_jumps, narrower));
    }
    return rivals;
}

}  // namespace cni::portmap::iptables
