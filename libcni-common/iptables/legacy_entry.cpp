#include "iptables/legacy_entry.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"

namespace cni::ipt {
namespace {

// What differs between the families, by the same names.

struct V4 {
    using Entry = ipt_entry;
    static constexpr Family family = Family::v4;
    static constexpr unsigned inv_in = IPT_INV_VIA_IN, inv_out = IPT_INV_VIA_OUT,
                              inv_source = IPT_INV_SRCIP, inv_destination = IPT_INV_DSTIP,
                              inv_protocol = IPT_INV_PROTO;
    static constexpr unsigned protocol_flag = 0;
    static auto& ip(Entry& entry) { return entry.ip; }
    static const auto& ip(const Entry& entry) { return entry.ip; }
};
struct V6 {
    using Entry = ip6t_entry;
    static constexpr Family family = Family::v6;
    static constexpr unsigned inv_in = IP6T_INV_VIA_IN, inv_out = IP6T_INV_VIA_OUT,
                              inv_source = IP6T_INV_SRCIP, inv_destination = IP6T_INV_DSTIP,
                              inv_protocol = IP6T_INV_PROTO;
    static constexpr unsigned protocol_flag = IP6T_F_PROTO;
    static auto& ip(Entry& entry) { return entry.ipv6; }
    static const auto& ip(const Entry& entry) { return entry.ipv6; }
};

constexpr std::size_t aligned(std::size_t size) {
    constexpr std::size_t alignment = alignof(_xt_align);
    return (size + alignment - 1) / alignment * alignment;
}

// ---------------------------------------------------------------- writing

template <typename Address>
void put_address(Address& address, Address& mask, const Prefix& prefix) {
    std::memcpy(&address, prefix.ip.data(), sizeof address);
    const Ip ones = Ip::any(prefix.ip.family()).filled(0).masked(prefix.length);
    std::memcpy(&mask, ones.data(), sizeof mask);
}

// The mask covers what has to be equal: with the final zero unless a "+" stands for any rest, which
// stays in the name.
void put_interface(char (&name)[IFNAMSIZ], unsigned char (&mask)[IFNAMSIZ],
                   const std::string& text) {
    const std::size_t size = std::min<std::size_t>(text.size(), IFNAMSIZ - 1);
    std::memcpy(name, text.data(), size);
    const bool open_ended = size > 0 && text[size - 1] == '+';
    std::memset(mask, 0xff, open_ended ? size - 1 : size + 1);
}

template <typename V, typename Ip>
void put_head(Ip& ip, const Rule& rule) {
    unsigned inverted = 0;
    const auto note = [&](const auto& test, unsigned flag) {
        if (test->inverted) inverted |= flag;
    };
    if (rule.source) {
        put_address(ip.src, ip.smsk, rule.source->value);
        note(rule.source, V::inv_source);
    }
    if (rule.destination) {
        put_address(ip.dst, ip.dmsk, rule.destination->value);
        note(rule.destination, V::inv_destination);
    }
    if (rule.in) {
        put_interface(ip.iniface, ip.iniface_mask, rule.in->value);
        note(rule.in, V::inv_in);
    }
    if (rule.out) {
        put_interface(ip.outiface, ip.outiface_mask, rule.out->value);
        note(rule.out, V::inv_out);
    }
    if (rule.protocol) {
        ip.proto = rule.protocol->value;
        ip.flags = static_cast<std::uint8_t>(ip.flags | V::protocol_flag);
        note(rule.protocol, V::inv_protocol);
    }
    ip.invflags = static_cast<std::uint8_t>(inverted);
}

// xt_entry_match and xt_entry_target have the same layout.
static_assert(sizeof(xt_entry_match) == sizeof(xt_entry_target));

void append_extension(Bytes& out, const Extension& extension) {
    xt_entry_match head{};
    const std::size_t size = aligned(sizeof head + extension.data.size());
    head.u.user.match_size = static_cast<std::uint16_t>(size);
    head.u.user.revision = extension.revision;
    extension.name.copy(head.u.user.name, sizeof head.u.user.name - 1);
    const std::size_t start = out.size();
    out.resize(start + size);
    std::memcpy(&out[start], &head, sizeof head);
    if (!extension.data.empty())
        std::memcpy(&out[start + sizeof head], extension.data.data(), extension.data.size());
}

/// The label libiptc knows a verdict or chain by.
std::string label_of(const Target& target) {
    if (const auto* jump = std::get_if<Jump>(&target)) return jump->chain;
    const auto* verdict = std::get_if<Verdict>(&target);
    if (!verdict) return {};
    constexpr std::array labels = {"ACCEPT", "DROP", "RETURN"};
    return labels[static_cast<std::size_t>(*verdict)];
}

void append_target(Bytes& out, const Target& target) {
    constexpr std::size_t data_size = sizeof(xt_standard_target) - sizeof(xt_entry_target);
    if (const auto* extension = std::get_if<Extension>(&target))
        append_extension(out, *extension);
    else
        append_extension(out, {label_of(target), 0, Bytes(data_size)});
}

template <typename V>
Bytes write_entry(const Rule& rule) {
    typename V::Entry entry{};
    put_head<V>(V::ip(entry), rule);
    Bytes out(sizeof entry);
    for (const Extension& match : rule.matches) append_extension(out, match);
    entry.target_offset = static_cast<std::uint16_t>(out.size());
    append_target(out, rule.target);
    entry.next_offset = static_cast<std::uint16_t>(out.size());
    std::memcpy(out.data(), &entry, sizeof entry);
    return out;
}

// ---------------------------------------------------------------- reading

/// nullopt for masks that are no prefix, and addresses that have more bits than the mask lets pass.
template <typename Address>
std::optional<Prefix> read_prefix(const Address& address, const Address& mask, Family family) {
    const Ip ip = Ip::from_bytes(family, &address), ones = Ip::from_bytes(family, &mask);
    const Ip all = Ip::any(family).filled(0);
    for (int length = 0; length <= ip.bits(); ++length)
        if (all.masked(length) == ones && ip.masked(length) == ip) return Prefix{ip, length};
    return {};
}

/// nullopt for a mask that is not the one of such a name.
std::optional<std::string> read_interface(const char (&name)[IFNAMSIZ],
                                          const unsigned char (&mask)[IFNAMSIZ]) {
    const std::string text(name, ::strnlen(name, IFNAMSIZ));
    char same_name[IFNAMSIZ] = {};
    unsigned char its_mask[IFNAMSIZ] = {};
    if (!text.empty()) put_interface(same_name, its_mask, text);
    if (std::memcmp(mask, its_mask, IFNAMSIZ) != 0 || text != same_name) return {};
    return text;
}

template <typename V, typename Ip>
void read_head(Rule& rule, const Ip& ip) {
    const auto inverted = [&](unsigned flag) { return (ip.invflags & flag) != 0; };
    const auto source = read_prefix(ip.src, ip.smsk, V::family);
    const auto destination = read_prefix(ip.dst, ip.dmsk, V::family);
    const auto in = read_interface(ip.iniface, ip.iniface_mask);
    const auto out = read_interface(ip.outiface, ip.outiface_mask);
    // Nothing that the iptables program writes.
    if (!source || !destination || !in || !out || ip.proto > UINT8_MAX) rule.foreign = true;
    if (source && (source->length > 0 || inverted(V::inv_source)))
        rule.source = {*source, inverted(V::inv_source)};
    if (destination && (destination->length > 0 || inverted(V::inv_destination)))
        rule.destination = {*destination, inverted(V::inv_destination)};
    if (in && !in->empty()) rule.in = {*in, inverted(V::inv_in)};
    if (out && !out->empty()) rule.out = {*out, inverted(V::inv_out)};
    if (ip.proto) rule.protocol = {static_cast<std::uint8_t>(ip.proto), inverted(V::inv_protocol)};
    // Fragments, -g, a type of service: nothing of ours.
    constexpr unsigned known =
        V::inv_in | V::inv_out | V::inv_source | V::inv_destination | V::inv_protocol;
    if ((ip.flags & ~V::protocol_flag) || (ip.invflags & ~known)) rule.foreign = true;
}

Target target_of(std::string_view label) {
    if (label.empty()) return {};
    if (label == "ACCEPT") return Verdict::accept;
    if (label == "DROP") return Verdict::drop;
    if (label == "RETURN") return Verdict::back;
    return Jump{std::string(label)};
}

Extension read_extension(const std::uint8_t* at, std::size_t size) {
    xt_entry_match head;
    std::memcpy(&head, at, sizeof head);
    return {{head.u.user.name, ::strnlen(head.u.user.name, sizeof head.u.user.name - 1)},
            head.u.user.revision,
            Bytes(at + sizeof head, at + size)};
}

std::size_t size_of_extension(const std::uint8_t* at) {
    std::uint16_t size;
    std::memcpy(&size, at, sizeof size);
    return size;
}

template <typename V>
Rule read_entry(const typename V::Entry& entry, std::optional<std::string_view> label) {
    Rule rule;
    read_head<V>(rule, V::ip(entry));
    const auto* base = reinterpret_cast<const std::uint8_t*>(&entry);
    for (std::size_t at = sizeof entry; at + sizeof(xt_entry_match) <= entry.target_offset;) {
        const std::size_t size = size_of_extension(base + at);
        if (size < sizeof(xt_entry_match) || at + size > entry.target_offset) break;
        rule.matches.push_back(read_extension(base + at, size));
        at += size;
    }
    if (label)
        rule.target = target_of(*label);
    else
        rule.target =
            read_extension(base + entry.target_offset,
                           static_cast<std::size_t>(entry.next_offset - entry.target_offset));
    return rule;
}

}  // namespace

Bytes to_entry(const Rule& rule, Family family) {
    return family == Family::v4 ? write_entry<V4>(rule) : write_entry<V6>(rule);
}

Rule from_entry(const ipt_entry& entry, std::optional<std::string_view> label) {
    return read_entry<V4>(entry, label);
}

Rule from_entry(const ip6t_entry& entry, std::optional<std::string_view> label) {
    return read_entry<V6>(entry, label);
}

}  // namespace cni::ipt
