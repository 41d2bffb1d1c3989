#include "takeover.h"

#include <algorithm>
#include <map>

#include "base/contains.h"
#include "rules.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Rule;

/// The ports of a forwarding, to be found by protocol and number.
class Ports {
public:
    explicit Ports(const Forwarding& forwarding) {
        for (const Translation& t : forwarding.translations())
            addresses_[{t.from.protocol, t.from.port}].insert(t.from.ip);
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
    Relation relation_of(const HostPort& other) const {
        const auto found = addresses_.find({other.protocol, other.port});
        if (found == addresses_.end()) return Relation::none;
        if (found->second.contains(other.ip)) return Relation::same;
        if (!other.ip) return Relation::wider;
        return found->second.contains(std::nullopt) ? Relation::narrower : Relation::none;
    }

    /// For one address each, of a protocol and port.
    void append_narrow(std::set<HostPort>& to, const HostPort& wide) const {
        for (const auto& address : addresses_.at({wide.protocol, wide.port}))
            if (address) to.insert({wide.protocol, address, wide.port});
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

using Port = std::pair<std::uint8_t, std::uint16_t>;  // protocol, number

/// The ports of a jump that are narrow, by their address.
std::map<Ip, std::vector<std::uint16_t>> narrow_ports(
    const Rule& jump, const std::map<Port, std::vector<Ip>>& addresses) {
    std::map<Ip, std::vector<std::uint16_t>> out;
    if (!jump.protocol) return out;
    for (const ipt::Extension& match : jump.matches)
        for (const std::uint16_t port : ipt::destination_ports(match)) {
            const auto its = addresses.find({jump.protocol->value, port});
            if (its == addresses.end()) continue;
            for (const Ip& address : its->second) out[address].push_back(port);
        }
    return out;
}

/// What another chain has of our ports.
struct Claims {
    std::set<HostPort> lost, same, narrower;
};

class Contest {
public:
    Contest(ipt::Table& table, const Jumps& jumps, const Forwarding& forwarding)
        : table_(table), jumps_(jumps), forwarding_(forwarding), ours_(forwarding) {}

    void hold(const std::string& chain, const std::vector<Rule>& its_jumps) {
        const auto meets_ours = [&](const Rule& jump) { return ours_.contain_some_of(jump); };
        if (std::ranges::none_of(its_jumps, meets_ours)) return;
        const Claims claims = look_at(chain);
        if (!claims.lost.empty()) take(chain, claims.lost);
        if (!claims.same.empty()) rivals_.siblings.push_back(chain);
        append(rivals_.narrow_jumps, narrow_jumps(its_jumps, claims.narrower));
    }
    Rivals result() && { return std::move(rivals_); }

private:
    using Relation = Ports::Relation;

    Claims look_at(const std::string& chain) {
        const bool is_sibling = jumps_.is_of_container(chain, forwarding_.owner.container_id);
        Claims claims;
        for (const Rule& rule : table_.rules(chain))
            if (const auto translation = parse_translation(rule, table_.family()))
                note(*translation, is_sibling, claims);
        return claims;
    }

    void note(const Translation& other, bool is_sibling, Claims& claims) {
        const Relation relation = ours_.relation_of(other.from);
        if (relation == Relation::same) (is_sibling ? claims.same : claims.lost).insert(other.from);
        if (relation == Relation::wider) ours_.append_narrow(rivals_.own_narrow, other.from);
        if (relation == Relation::narrower) claims.narrower.insert(other.from);
        if (relation == Relation::narrower ||
            (is_sibling && relation == Relation::same && !forwarding_.leads_out))
            rivals_.ahead.push_back(other);
    }

    void take(const std::string& chain, const std::set<HostPort>& lost) {
        table_.remove(chain, [&](const Rule& rule) {
            const auto host_port = parse_host_port(rule);
            return host_port && lost.contains(*host_port);
        });
    }

    ipt::Table& table_;
    const Jumps& jumps_;
    const Forwarding& forwarding_;
    const Ports ours_;
    Rivals rivals_;
};

}  // namespace

std::vector<Rule> narrow_jumps(const std::vector<Rule>& jumps, const std::set<HostPort>& narrow) {
    std::map<Port, std::vector<Ip>> addresses;
    for (const HostPort& one : narrow)
        if (one.ip) addresses[{one.protocol, one.port}].push_back(*one.ip);
    std::vector<Rule> out;
    for (const Rule& jump : jumps)
        for (const auto& [address, ports] : narrow_ports(jump, addresses)) {
            auto rule = narrowed(jump, address, ports);
            // Once, where `jumps` holds it already.
            if (rule && !contains(out, *rule)) out.push_back(*std::move(rule));
        }
    return out;
}

Rivals take_over(ipt::Table& table, const Jumps& jumps, const Forwarding& forwarding,
                 const std::string& own_chain) {
    Contest contest(table, jumps, forwarding);
    for (const auto& [chain, its_jumps] : jumps.by_chain())
        if (chain != own_chain) contest.hold(chain, its_jumps);
    return std::move(contest).result();
}

}  // namespace cni::portmap::iptables
