#include "admission_layout.h"

#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>

#include "layout.h"
#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"

namespace cni::firewall::nftables {
namespace {

using nft::Cmp;
using nft::Op;
using nft::Rule;
using nft::rule;

// Behind the tracking of connections, ahead of destinations being rewritten: what a container
// sends is judged by where it says that goes. Both families number their hooks alike here.
constexpr std::int32_t priority = NF_IP_PRI_MANGLE;
static_assert(int{NF_INET_PRE_ROUTING} == NF_BR_PRE_ROUTING &&
              int{NF_INET_POST_ROUTING} == NF_BR_POST_ROUTING);

bool is_of_bridges(const nft::Table& table) {
    return table.family == NFPROTO_BRIDGE;
}

Rule ether_type(Op op, std::uint16_t type) {
    return rule(nft::Meta{NFT_META_PROTOCOL}, Cmp{op, nft::network_order(type)});
}

/// IPPROTO_*
std::uint8_t number_of(Protocol protocol, Family family) {
    switch (protocol) {
        case Protocol::tcp:
            return IPPROTO_TCP;
        case Protocol::udp:
            return IPPROTO_UDP;
        case Protocol::sctp:
            return IPPROTO_SCTP;
        case Protocol::icmp:
            break;
    }
    if (family == Family::v4) return IPPROTO_ICMP;
    return IPPROTO_ICMPV6;
}

// In the words that nft has for it in the table.
Rule family_is(const nft::Table& table, Family family) {
    if (!is_of_bridges(table)) return nft::family_is(family);
    return ether_type(Op::eq, family == Family::v4 ? ETH_P_IP : ETH_P_IPV6);
}

/// ICMPv6 of these types, from a neighbour: routers count the hop limit down.
Rule discovery(const nft::Table& table, std::uint8_t hop_limit, std::uint8_t first,
               std::uint8_t last) {
    constexpr std::uint32_t hop_limit_offset = 7;
    const Rule head = rule(family_is(table, Family::v6),
                           nft::Payload{NFT_PAYLOAD_NETWORK_HEADER, hop_limit_offset, 1},
                           Cmp{Op::eq, {hop_limit}}, nft::protocol_is(IPPROTO_ICMPV6),
                           nft::Payload{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1});
    if (first == last) return rule(head, Cmp{Op::eq, {first}}, nft::accept());
    return rule(head, Cmp{Op::ge, {first}}, Cmp{Op::le, {last}}, nft::accept());
}

// RFC 4861 and 2710: a container asks for routers and neighbours, answers neighbours, and says
// which groups it listens to. It is no router, and gets what comes from one.
std::vector<Rule> discovery_rules(const nft::Table& table, Direction direction) {
    if (direction == Direction::egress)
        return {discovery(table, 255, 133, 133), discovery(table, 255, 135, 136),
                discovery(table, 1, 131, 132), discovery(table, 1, 143, 143)};
    return {discovery(table, 255, 134, 136), discovery(table, 1, 130, 130)};
}

std::string base_chain(Direction direction) {
    return direction == Direction::egress ? "from_containers" : "to_containers";
}
std::string neighbours(Direction direction) {
    return direction == Direction::egress ? "neighbours_from" : "neighbours_to";
}

nft::ChainLayout base_layout(Direction direction) {
    const bool is_egress = direction == Direction::egress;
    const std::uint32_t name = is_egress ? NFT_META_IIFNAME : NFT_META_OIFNAME;
    const std::uint32_t hook = is_egress ? NF_INET_PRE_ROUTING : NF_INET_POST_ROUTING;
    return {base_chain(direction),
            nft::Hook{"filter", hook, priority},
            {rule(nft::Meta{name}, nft::Lookup{map_of(direction), nft::reg(0), NFT_REG_VERDICT})}};
}

nft::Set address_set(const std::string& name, Family family) {
    const bool is_v4 = family == Family::v4;
    return {.name = name,
            .key_type = is_v4 ? nft::type_ipv4_addr : nft::type_ipv6_addr,
            .key_length = is_v4 ? 4u : 16u};
}

/// What is known since the first packet of a connection, whoever rewrote its source.
Rule original_source(const Prefix& peer) {
    const bool is_v4 = peer.ip.is_v4();
    Rule out{nft::Ct{is_v4 ? NFT_CT_SRC_IP : NFT_CT_SRC_IP6}};
    nft::Bytes network(peer.ip.data(), peer.ip.data() + peer.ip.size());
    if (peer.length % 8 == 0) {
        network.resize(static_cast<std::size_t>(peer.length / 8));
    } else {
        const Ip mask = Ip::any(peer.ip.family()).filled(0).masked(peer.length);
        out.emplace_back(
            nft::Bitwise{{mask.data(), mask.data() + mask.size()}, nft::Bytes(mask.size())});
    }
    out.emplace_back(Cmp{Op::eq, network});
    return out;
}

// Without the family where that is said by the rest: nft would not list it.
Rule peer_is(const nft::Table& table, const Prefix& peer, Direction direction) {
    Rule family = family_is(table, peer.ip.family());
    if (peer.length == 0) return family;
    if (direction == Direction::ingress) return original_source(peer);
    return rule(family, nft::address(nft::Side::destination, Op::eq, peer));
}

Rule ports_are(const PortRange& ports) {
    if (ports.first == ports.last) return nft::port(nft::Side::destination, Op::eq, ports.first);
    return rule(nft::port(nft::Side::destination, Op::ge, ports.first),
                Cmp{Op::le, nft::network_order(ports.last)});
}

/// One rule, or one for each family that it differs in.
std::vector<Rule> allowance_rules(const nft::Table& table, const Allowance& allowed,
                                  Direction direction) {
    const auto of = [&](Family family) {
        return rule(
            allowed.peer ? peer_is(table, *allowed.peer, direction) : Rule{},
            allowed.protocol ? nft::protocol_is(number_of(*allowed.protocol, family)) : Rule{},
            allowed.ports ? ports_are(*allowed.ports) : Rule{}, nft::accept());
    };
    if (allowed.peer) return {of(allowed.peer->ip.family())};
    if (allowed.protocol == Protocol::icmp) return {of(Family::v4), of(Family::v6)};
    return {of(Family::v4)};
}

// The packet's address is replaced by that of the attachment before it is looked up: whatever a
// container writes into its packets, it is its own gate that has to be open.
ChainRule gate_rule(const nft::Table& table, const Ip& address) {
    const Family family = address.family();
    const nft::Bytes own = address_key(address);
    return {rule(family_is(table, family), nft::address_load(nft::Side::source, family),
                 nft::Bitwise{nft::Bytes(own.size()), own},
                 nft::Lookup{open_set(family), nft::reg(0), {}, true}, nft::drop()),
            cat("closed until ", address.to_string(), " is in ", open_set(family))};
}

std::vector<ChainRule> gate_rules(const nft::Table& table, const std::vector<Ip>& addresses) {
    std::vector<ChainRule> out;
    for (const Family family : both_families) {
        const auto own = std::find_if(addresses.begin(), addresses.end(),
                                      [&](const Ip& ip) { return ip.family() == family; });
        if (own != addresses.end())
            out.push_back(gate_rule(table, *own));
        else
            out.push_back({rule(family_is(table, family), nft::drop()), "has no gate"});
    }
    if (is_of_bridges(table))
        out.push_back(
            {rule(ether_type(Op::ne, ETH_P_IP), ether_type(Op::ne, ETH_P_IPV6), nft::drop())});
    return out;
}

// A socket of the host's sent it, what is forwarded has none.
Rule sent_by_host() {
    constexpr std::uint32_t nobody = 0xffffffff;
    return rule(nft::Meta{NFT_META_SKUID}, Cmp{Op::ne, nft::host_order(nobody)}, nft::accept());
}

Rule is_known() {
    constexpr std::uint32_t known =
        NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
    return rule(nft::Ct{NFT_CT_STATE}, nft::Bitwise{nft::host_order(known), nft::host_order(0)},
                Cmp{Op::ne, nft::host_order(0)}, nft::accept());
}

// Of the container's own addresses, and those that count on its link alone: whoever writes, or
// answers to, the address of another one has no part in the connections of that.
std::vector<ChainRule> answers(const Passage& passage, Direction direction) {
    if (passage.addresses.empty()) return {{is_known()}};
    const nft::Table& table = table_of(passage.door);
    const auto side = direction == Direction::egress ? nft::Side::source : nft::Side::destination;
    std::vector<Prefix> own = passage.addresses;
    own.push_back(Prefix::parse("fe80::/10").value());
    std::vector<ChainRule> out;
    for (const Prefix& address : own)
        out.push_back({rule(family_is(table, address.ip.family()),
                            nft::address(side, Op::eq, address), is_known())});
    return out;
}

std::vector<ChainRule> declared_rules(const nft::Table& table, const Allowances& allowances,
                                      Direction direction) {
    std::vector<ChainRule> out;
    for (const Allowance& allowed : allowances)
        for (Rule& each : allowance_rules(table, allowed, direction))
            out.push_back({std::move(each)});
    return out;
}

const std::optional<Allowances>& allowances_of(const Admission& admission, Direction direction) {
    return direction == Direction::egress ? admission.egress : admission.ingress;
}

}  // namespace

const std::string& map_of(Direction direction) {
    static const std::string egress = "egress", ingress = "ingress";
    return direction == Direction::egress ? egress : ingress;
}

std::string chain_of(Direction direction, const std::string& hashes) {
    return cat(map_of(direction), "-", hashes);
}

const nft::Table& table_of(const Door& door) {
    return door.is_bridge_port ? bridge_table : inet_table;
}

std::string open_set(Family family) {
    return family == Family::v4 ? "open_v4" : "open_v6";
}
std::string gated_set(Family family) {
    return family == Family::v4 ? "gated_v4" : "gated_v6";
}

nft::Bytes address_key(const Ip& address) {
    return {address.data(), address.data() + address.size()};
}

std::size_t place_of(Family family) {
    return family == Family::v4 ? 1 : 2;
}

Skeleton admission_skeleton(const nft::Table& table) {
    Skeleton out{table, {}, {}};
    for (const Direction direction : directions) {
        out.sets.push_back(nftables::verdict_map(name_set(map_of(direction))));
        out.chains.push_back({neighbours(direction), {}, discovery_rules(table, direction)});
        out.chains.push_back(base_layout(direction));
    }
    out.sets.push_back(name_map(admissions));
    return out;
}

std::vector<nft::Set> gate_sets() {
    std::vector<nft::Set> out;
    for (const Family family : both_families) {
        out.push_back(address_set(open_set(family), family));
        out.push_back(address_set(gated_set(family), family));
    }
    return out;
}

bool is_restricted(const Admission& admission, Direction direction) {
    return admission.is_gated || allowances_of(admission, direction);
}

std::vector<ChainRule> chain_rules(const Passage& passage, Direction direction) {
    const nft::Table& table = table_of(passage.door);
    std::vector<ChainRule> out;
    const auto append = [&out](std::vector<ChainRule> rules) {
        std::move(rules.begin(), rules.end(), std::back_inserter(out));
    };
    if (is_of_bridges(table)) append({{rule(ether_type(Op::eq, ETH_P_ARP), nft::accept())}});
    append({{rule(nft::jump(neighbours(direction)))}});
    if (passage.admission.is_gated) append(gate_rules(table, passage.gate_addresses));
    const auto& allowances = allowances_of(passage.admission, direction);
    if (!allowances) return out;
    append(answers(passage, direction));
    append(declared_rules(table, *allowances, direction));
    if (direction == Direction::ingress && passage.admission.lets_host_in)
        append({{sent_by_host()}});
    append({{rule(nft::drop())}});
    return out;
}

}  // namespace cni::firewall::nftables
