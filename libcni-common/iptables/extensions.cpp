#include "iptables/extensions.h"

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_MARK.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_set.h>
// It uses the name that C has for bool.
#define _Bool bool  // NOLINT(bugprone-reserved-identifier)
#include <linux/netfilter/xt_sctp.h>
#undef _Bool
#include <linux/netfilter/xt_tcpudp.h>

#include <algorithm>
#include <cstring>

namespace cni::ipt {
namespace {

/// What `fill` leaves alone is zero, and so is the padding, which the kernel keeps and iptables
/// compares: the structure is written where it stays, since copies may lose that.
template <typename T, typename Fill>
Extension extension(const char* name, std::uint8_t revision, const Fill& fill) {
    Extension out{name, revision, Bytes(sizeof(T))};
    fill(*reinterpret_cast<T*>(out.data.data()));
    return out;
}

template <typename T>
std::optional<T> value_of(const Extension& e, const char* name, std::uint8_t revision) {
    if (e.name != name || e.revision != revision || e.data.size() < sizeof(T)) return {};
    T value{};
    std::memcpy(&value, e.data.data(), sizeof value);
    return value;
}

// The kernel rounds the size of the data up, with zeros.
bool begins_with(const Extension& e, const Extension& start) {
    return e.data.size() >= start.data.size() &&
           std::equal(start.data.begin(), start.data.end(), e.data.begin());
}

nf_inet_addr inet(const Ip& ip) {
    nf_inet_addr out{};
    std::memcpy(&out, ip.data(), ip.size());
    return out;
}

constexpr std::size_t seal_size = std::tuple_size_v<Seal>;

template <typename Range>
std::optional<Endpoint> endpoint_of(const Range& range, Family family) {
    // The kernel compares all of its bytes as well.
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
    if (std::memcmp(&range.min_addr, &range.max_addr, sizeof range.min_addr) != 0) return {};
    return Endpoint{Ip::from_bytes(family, &range.min_addr), ntohs(range.min_proto.all)};
}

}  // namespace

Extension comment(const std::string& text) {
    return extension<xt_comment_info>(
        "comment", 0, [&](auto& info) { text.copy(info.comment, sizeof info.comment - 1); });
}

Extension sealed_comment(const std::string& text, const Seal& seal) {
    return extension<xt_comment_info>("comment", 0, [&](auto& info) {
        constexpr std::size_t room = sizeof info.comment - seal_size - 1;
        text.copy(info.comment, room);
        std::memcpy(info.comment + room + 1, seal.data(), seal.size());
    });
}

std::optional<Seal> seal_of(const Rule& rule) {
    for (const Extension& match : rule.matches) {
        const auto info = value_of<xt_comment_info>(match, "comment", 0);
        if (!info) continue;
        const char* seal = std::end(info->comment) - seal_size;
        // A longer text reaches into it.
        if (std::find(info->comment, seal, 0) == seal) return {};
        Seal out{};
        std::memcpy(out.data(), seal, out.size());
        return out == Seal{} ? std::nullopt : std::optional(out);
    }
    return {};
}

Extension destination_port(std::uint8_t protocol, std::uint16_t port) {
    const auto fill = [port](auto& info) {
        info.spts[1] = 0xffff;
        info.dpts[0] = info.dpts[1] = port;
    };
    if (protocol == IPPROTO_TCP) return extension<xt_tcp>("tcp", 0, fill);
    if (protocol == IPPROTO_UDP) return extension<xt_udp>("udp", 0, fill);
    return extension<xt_sctp_info>("sctp", 0, [port](auto& info) {
        for (auto& flag : info.flag_info) flag.chunktype = 0xff;
        info.dpts[0] = info.dpts[1] = port;
        info.flags = XT_SCTP_DEST_PORTS;
    });
}

Extension destination_ports(const std::vector<std::uint16_t>& ports) {
    return extension<xt_multiport_v1>("multiport", 1, [&](auto& info) {
        info.flags = XT_MULTIPORT_DESTINATION;
        info.count = static_cast<std::uint8_t>(std::min<std::size_t>(ports.size(), XT_MULTI_PORTS));
        std::copy_n(ports.begin(), info.count, info.ports);
    });
}

Extension mark(std::uint32_t value, std::uint32_t mask, bool inverted) {
    return extension<xt_mark_mtinfo1>("mark", 1, [=](auto& info) {
        info.mark = value;
        info.mask = mask;
        info.invert = inverted;
    });
}

Extension address_types(AddressTypes source, AddressTypes destination) {
    return extension<xt_addrtype_info_v1>("addrtype", 1, [=](auto& info) {
        info.source = source.types;
        info.dest = destination.types;
        if (source.inverted) info.flags |= XT_ADDRTYPE_INVERT_SOURCE;
        if (destination.inverted) info.flags |= XT_ADDRTYPE_INVERT_DEST;
    });
}

Extension conntrack_state(std::uint16_t states, bool inverted) {
    return extension<xt_conntrack_mtinfo3>("conntrack", 3, [=](auto& info) {
        info.match_flags = XT_CONNTRACK_STATE;
        if (inverted) info.invert_flags = XT_CONNTRACK_STATE;
        info.state_mask = states;
    });
}

Extension in_set(std::uint16_t number, std::uint8_t parts, std::uint8_t sources, bool inverted) {
    return extension<xt_set_info_match_v4>("set", 4, [=](auto& info) {
        info.match_set.index = number;
        info.match_set.dim = parts;
        // Bit 0 inverts; those of the parts begin at bit 1.
        info.match_set.flags = static_cast<std::uint8_t>(sources << 1 | (inverted ? 1 : 0));
    });
}

Extension dnat(const Ip& to, std::uint16_t port) {
    return extension<nf_nat_range2>("DNAT", 2, [&](auto& range) {
        range.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
        range.min_addr = range.max_addr = inet(to);
        range.min_proto.all = range.max_proto.all = htons(port);
    });
}

Extension masquerade(Family family) {
    if (family == Family::v6) return extension<nf_nat_range>("MASQUERADE", 0, [](auto&) {});
    return extension<nf_nat_ipv4_multi_range_compat>("MASQUERADE", 0,
                                                     [](auto& range) { range.rangesize = 1; });
}

Extension set_mark(std::uint32_t value, std::uint32_t mask) {
    return extension<xt_mark_tginfo2>("MARK", 2, [=](auto& info) {
        info.mark = value;
        info.mask = mask;
    });
}

std::optional<Endpoint> dnat_destination(const Extension& target, Family family) {
    if (const auto range = value_of<nf_nat_range2>(target, "DNAT", 2))
        return endpoint_of(*range, family);
    // What older versions of iptables wrote.
    if (const auto range = value_of<nf_nat_range>(target, "DNAT", 1))
        return endpoint_of(*range, family);
    const auto old = value_of<nf_nat_ipv4_multi_range_compat>(target, "DNAT", 0);
    if (!old || old->rangesize != 1 || old->range[0].min_ip != old->range[0].max_ip) return {};
    return Endpoint{Ip::from_bytes(Family::v4, &old->range[0].min_ip),
                    ntohs(old->range[0].min.all)};
}

std::vector<std::uint16_t> destination_ports(const Extension& match) {
    const auto info = value_of<xt_multiport_v1>(match, "multiport", 1);
    if (!info || info->count > XT_MULTI_PORTS) return {};
    const std::vector<std::uint16_t> ports(info->ports, info->ports + info->count);
    return begins_with(match, destination_ports(ports)) ? ports : std::vector<std::uint16_t>{};
}

std::optional<std::uint16_t> destination_port(const Extension& match) {
    std::uint16_t port = 0;
    std::uint8_t protocol = IPPROTO_TCP;
    if (const auto tcp = value_of<xt_tcp>(match, "tcp", 0)) {
        port = tcp->dpts[0];
    } else if (const auto udp = value_of<xt_udp>(match, "udp", 0)) {
        protocol = IPPROTO_UDP;
        port = udp->dpts[0];
    } else if (const auto sctp = value_of<xt_sctp_info>(match, "sctp", 0)) {
        protocol = IPPROTO_SCTP;
        port = sctp->dpts[0];
    } else {
        return {};
    }
    if (!begins_with(match, destination_port(protocol, port))) return {};
    return port;
}

}  // namespace cni::ipt
