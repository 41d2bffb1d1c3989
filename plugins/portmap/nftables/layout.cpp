#include "layout.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>

#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"

namespace cni::portmap::nftables {
namespace {

using nft::Bytes;
using nft::reg;
using nft::Rule;
using nft::Side;

constexpr const char* ports = "ports";
constexpr const char* masquerade = "mapped_masquerade";
constexpr std::string_view masquerade_prefix = "masquerade_";

// An ADD of ours removes what others have of its ports, wherever they have it. So what rules at the
// usual priority lead somewhere, those of iptables and of the reference plugin, is newer.
constexpr std::int32_t behind_others = 1;
// Interface plugins make exceptions of what stays in their subnets.
constexpr std::int32_t ahead_of_others = -1;

/// The previous layout: ahead of others. In the order in which they can be deleted.
constexpr const char* superseded[] = {"mapped_prerouting", "mapped_output", "mapped"};

std::uint32_t words(Family family) {
    return family == Family::v4 ? 1 : 4;
}

std::uint32_t address_type(Family family) {
    return family == Family::v4 ? nft::type_ipv4_addr : nft::type_ipv6_addr;
}

Bytes bytes_of(const Ip& ip) {
    return {ip.data(), ip.data() + ip.size()};
}

Bytes mask_of(Family family, int length) {
    return bytes_of(Ip::any(family).filled(0).masked(length));
}

/// "ip saddr & <mask>": whole addresses need no mask.
Rule masked_address(Side side, Family family, int length) {
    const nft::Payload load = nft::address_load(side, family);
    const Bytes mask = mask_of(family, length);
    if (length == Ip::any(family).bits()) return nft::rule(load);
    return nft::rule(load, nft::Bitwise{mask, Bytes(mask.size())});
}

/// "meta l4proto . th dport" from register word `word` on.
Rule protocol_and_port(std::uint32_t word) {
    return nft::rule(nft::Meta{NFT_META_L4PROTO, reg(word)},
                     nft::Payload{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg(word + 1)});
}

/// The packet's destination as a key of the maps: its own address, or any (length 0).
Rule destination_key(Family family, int length) {
    return nft::rule(masked_address(Side::destination, family, length),
                     protocol_and_port(words(family)));
}

std::vector<int> exact_and_any(Family family) {
    return {Ip::any(family).bits(), 0};
}

Rule translation_rule(Family family, const std::string& map, int length) {
    return nft::rule(
        destination_key(family, length), nft::Lookup{map, reg(0), reg(0)},
        nft::Nat{
            .type = NFT_NAT_DNAT, .family = nft::nfproto(family), .port_sreg = reg(words(family))});
}

std::vector<Rule> port_rules(Family family) {
    std::vector<Rule> out;
    for (const int length : exact_and_any(family)) {
        out.push_back(nft::rule(destination_key(family, length),
                                nft::Lookup{conditional_mappings, reg(0), NFT_REG_VERDICT}));
        out.push_back(translation_rule(family, mappings, length));
    }
    return out;
}

std::vector<Rule> masquerade_rules(Family family, const Skeleton::Lengths& lengths) {
    std::vector<Rule> out;
    for (const int length : lengths)
        out.push_back(nft::rule(masked_address(Side::source, family, length),
                                nft::address_load(Side::destination, family, reg(words(family))),
                                protocol_and_port(2 * words(family)),
                                nft::Lookup{cat(masquerade_prefix, length)}, nft::Masquerade{}));
    return out;
}

/// Out of key and value of an element of the mappings.
std::optional<Translation> parse_parts(Family family, const Bytes& parts) {
    const std::size_t address = Ip::any(family).size();
    if (parts.size() < 2 * address + 10) return {};
    const auto port_at = [&](std::size_t at) {
        return static_cast<std::uint16_t>(parts[at] << 8 | parts[at + 1]);
    };
    const Ip host_ip = Ip::from_bytes(family, parts.data());
    const std::size_t target = address + 8;
    return Translation{.from = {.protocol = parts[address],
                                .ip = host_ip.is_any() ? std::nullopt : std::optional(host_ip),
                                .port = port_at(address + 4)},
                       .to = Ip::from_bytes(family, parts.data() + target),
                       .to_port = port_at(target + address)};
}

Rule is_translated() {
    return nft::rule(nft::Ct{NFT_CT_STATUS},
                     nft::Bitwise{nft::host_order(IPS_DST_NAT), nft::host_order(0)},
                     nft::Cmp{nft::Op::ne, nft::host_order(0)});
}

}  // namespace

nft::Table table_of(Family family) {
    return {nft::nfproto(family), "cni_hostport"};
}

nft::Element mapping_element(const Translation& translation) {
    const auto& [from, to, to_port] = translation;
    return {.key = nft::concatenated_key({bytes_of(from.ip.value_or(Ip::any(to.family()))),
                                          {from.protocol},
                                          nft::network_order(from.port)}),
            .value = nft::concatenated_key({bytes_of(to), nft::network_order(to_port)})};
}

nft::Element attachment_element(const std::string& hashes, std::size_t index,
                                const Translation& translation) {
    const nft::Element element = mapping_element(translation);
    Bytes value = element.key;
    const auto& target = std::get<Bytes>(element.value);
    value.insert(value.end(), target.begin(), target.end());
    return {.key = nft::owner_key(hashes, index), .value = std::move(value)};
}

std::optional<Translation> parse_attachment_element(Family family, const nft::Element& element) {
    const auto* value = std::get_if<Bytes>(&element.value);
    return value ? parse_parts(family, *value) : std::nullopt;
}

std::optional<Translation> parse_mapping_element(Family family, const nft::Element& element) {
    const auto* target = std::get_if<Bytes>(&element.value);
    if (!target) return {};
    Bytes parts = element.key;
    parts.insert(parts.end(), target->begin(), target->end());
    return parse_parts(family, parts);
}

nft::Set mapping_map(Family family, const std::string& name) {
    const std::uint32_t address = 4 * words(family);
    return {.name = name,
            .key_type = nft::concatenated(
                {address_type(family), nft::type_inet_proto, nft::type_inet_service}),
            .key_length = address + 8,
            .data_type = nft::concatenated({address_type(family), nft::type_inet_service}),
            .data_length = address + 4};
}

std::vector<Rule> translation_rules(Family family, const std::string& map) {
    std::vector<Rule> out;
    for (const int length : exact_and_any(family))
        out.push_back(translation_rule(family, map, length));
    return out;
}

std::string waiting_map(const std::string& map) {
    return cat("waiting_", map);
}

nft::Set waiting_map_of(Family family, const std::string& map) {
    const nft::Set of = mapping_map(family, map);
    return {.name = waiting_map(map),
            .key_type = nft::concatenated({address_type(family), nft::type_inet_proto,
                                           nft::type_inet_service, nft::type_mark}),
            .key_length = of.key_length + static_cast<std::uint32_t>(sizeof(std::uint32_t)),
            .data_type = map == mappings ? of.data_type : std::uint32_t{NFT_DATA_VERDICT},
            .data_length = of.data_length};
}

Bytes waiting_key(const Bytes& key, std::size_t place) {
    Bytes out = key;
    const Bytes number = nft::host_order(static_cast<std::uint32_t>(place));
    out.insert(out.end(), number.begin(), number.end());
    return out;
}

std::string masquerade_set(const Prefix& source) {
    return cat(masquerade_prefix, source.length);
}

Bytes masquerade_key(const Prefix& source, const Translation& translation) {
    return nft::concatenated_key({bytes_of(source.network().ip),
                                  bytes_of(translation.to),
                                  {translation.from.protocol},
                                  nft::network_order(translation.to_port)});
}

nft::Set attachment_map(Family family) {
    nft::Set map = nft::owner_map(attachments);
    map.data_type =
        nft::concatenated({address_type(family), nft::type_inet_proto, nft::type_inet_service,
                           address_type(family), nft::type_inet_service});
    map.data_length = 8 * words(family) + 12;
    return map;
}

std::vector<nft::Set> Skeleton::sets(const Lengths& lengths) const {
    nft::Set conditional = mapping_map(family_, conditional_mappings);
    conditional.data_type = NFT_DATA_VERDICT;
    std::vector<nft::Set> out{mapping_map(family_, mappings), conditional, attachment_map(family_)};
    const std::uint32_t type = address_type(family_);
    for (const int length : lengths)
        out.push_back({.name = cat(masquerade_prefix, length),
                       .key_type = nft::concatenated(
                           {type, type, nft::type_inet_proto, nft::type_inet_service}),
                       .key_length = 8 * words(family_) + 8});
    return out;
}

std::vector<nft::ChainLayout> Skeleton::chains(const Lengths& lengths) const {
    const auto hook = [](std::uint32_t number, std::int32_t priority) {
        return nft::Hook{"nat", number, priority};
    };
    const Rule if_local = nft::rule(nft::destination_is_local(), nft::jump(ports));
    std::vector<Rule> entry{if_local};
    // What comes from ::1 cannot leave the host, and what a bridge brings for it must not get in.
    if (family_ == Family::v6)
        entry.insert(entry.begin(), nft::rule(nft::address(Side::destination, nft::Op::eq,
                                                           Prefix::host(*Ip::parse("::1"))),
                                              nft::back()));
    const std::int32_t translate = NF_IP_PRI_NAT_DST + behind_others;
    return {{ports, {}, port_rules(family_)},
            {masquerade, {}, masquerade_rules(family_, lengths)},
            {"ports_prerouting", hook(NF_INET_PRE_ROUTING, translate), entry},
            {"ports_output", hook(NF_INET_LOCAL_OUT, translate), entry},
            {"mapped_postrouting",
             hook(NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC + ahead_of_others),
             {nft::rule(is_translated(), nft::jump(masquerade))}}};
}

bool Skeleton::looks_intact(nft::Connection& nft, std::size_t lengths) const {
    // Its rules, and the jumps of two chains; the rules, and one jump.
    const auto uses = [&](const std::string& name) {
        const auto chain = nft.find_chain(table_, name);
        return chain ? chain->uses : 0;
    };
    return uses(ports) >= port_rules(family_).size() + 2 && uses(masquerade) >= lengths + 1;
}

std::optional<std::string> Skeleton::fault(nft::Connection& nft, const Lengths& lengths) const {
    // The other maps cannot go while rules look packets up in them.
    if (!nft.has_set(table_, attachments)) return cat("map ", attachments);
    for (const nft::ChainLayout& chain : chains({}))
        if (!nft::is_in_place(nft, table_, chain)) return cat("chain ", chain.name);
    // In no particular order: a set comes when it is needed first.
    for (const Rule& rule : masquerade_rules(family_, lengths))
        if (!nft::contains_in_order(nft.rules(table_, masquerade), {rule}))
            return cat("chain ", masquerade);
    return {};
}

void Skeleton::put(nft::Connection& nft, nft::Batch& batch, Lengths lengths) const {
    // Not by listing the sets, which may be many.
    if (!fault(nft, lengths)) return;
    for (const std::string& set : nft.sets(table_))
        if (set.starts_with(masquerade_prefix))
            if (const auto length =
                    parse_int<int>(std::string_view(set).substr(masquerade_prefix.size())))
                lengths.insert(*length);
    batch.add_table(table_, std::string(table_comment));
    for (const nft::Set& set : sets(lengths)) batch.add_set(table_, set);
    for (const nft::ChainLayout& chain : chains(lengths))
        nft::put_repair(nft, batch, table_, chain);
    for (const char* chain : superseded)
        if (nft.find_chain(table_, chain)) batch.delete_chain(table_, chain);
}

void Skeleton::put_new(nft::Batch& batch, const Lengths& lengths) const {
    batch.add_table(table_, std::string(table_comment));
    for (const nft::Set& set : sets(lengths)) batch.add_set(table_, set);
    for (const nft::ChainLayout& chain : chains(lengths)) nft::put_new(batch, table_, chain);
}

}  // namespace cni::portmap::nftables
