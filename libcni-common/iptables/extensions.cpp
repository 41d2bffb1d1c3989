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
// It uses the name that C has for bool.
#define _Bool bool
#include <linux/netfilter/xt_sctp.h>
#undef _Bool
#include <linux/netfilter/xt_tcpudp.h>

#include <algorithm>
#include <cstring>

namespace cni::ipt {
namespace {

template <typename T>
Extension extension(const char* name, std::uint8_t revision, const T& value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    return {name, revision, {bytes, bytes + sizeof value}};
}

template <typename T>
std::optional<T> value_of(const Extension& e, const char* name, std::uint8_t revision) {
    if (e.name != name || e.revision != revision || e.data.size() < sizeof(T)) return {};
    T value;
    std::memcpy(&value, e.data.data(), sizeof value);
    return value;
}

nf_inet_addr inet(const Ip& ip) {
    nf_inet_addr out{};
    std::memcpy(&out, ip.data(), ip.size());
    return out;
}

template <typename Range>
std::optional<Endpoint> endpoint_of(const Range& range, Family family) {
    if (std::memcmp(&range.min_addr, &range.max_addr, sizeof range.min_addr) != 0) return {};
    return Endpoint{Ip::from_bytes(family, &range.min_addr), ntohs(range.min_proto.all)};
}

}  // namespace

Extension comment(const std::string& text) {
    xt_comment_info info{};
    std::memcpy(info.comment, text.data(), std::min(text.size(), sizeof info.comment - 1));
    return extension("comment", 0, info);
}

Extension destination_port(std::uint8_t protocol, std::uint16_t port) {
    if (protocol == IPPROTO_TCP) {
        xt_tcp info{};
        info.spts[1] = 0xffff;
        info.dpts[0] = info.dpts[1] = port;
        return extension("tcp", 0, info);
    }
    if (protocol == IPPROTO_UDP) {
        xt_udp info{};
        info.spts[1] = 0xffff;
        info.dpts[0] = info.dpts[1] = port;
        return extension("udp", 0, info);
    }
    xt_sctp_info info{};
    for (auto& flag : info.flag_info) flag.chunktype = 0xff;
    info.dpts[0] = info.dpts[1] = port;
    info.flags = XT_SCTP_DEST_PORTS;
    return extension("sctp", 0, info);
}

Extension destination_ports(const std::vector<std::uint16_t>& ports) {
    xt_multiport_v1 info{};
    info.flags = XT_MULTIPORT_DESTINATION;
    info.count = static_cast<std::uint8_t>(std::min<std::size_t>(ports.size(), XT_MULTI_PORTS));
    std::copy_n(ports.begin(), info.count, info.ports);
    return extension("multiport", 1, info);
}

Extension mark(std::uint32_t value, std::uint32_t mask, bool inverted) {
    xt_mark_mtinfo1 info{};
    info.mark = value;
    info.mask = mask;
    info.invert = inverted;
    return extension("mark", 1, info);
}

Extension address_types(AddressTypes source, AddressTypes destination) {
    xt_addrtype_info_v1 info{.source = source.types, .dest = destination.types, .flags = 0};
    if (source.inverted) info.flags |= XT_ADDRTYPE_INVERT_SOURCE;
    if (destination.inverted) info.flags |= XT_ADDRTYPE_INVERT_DEST;
    return extension("addrtype", 1, info);
}

Extension conntrack_state(std::uint16_t states, bool inverted) {
    xt_conntrack_mtinfo3 info{};
    info.match_flags = XT_CONNTRACK_STATE;
    if (inverted) info.invert_flags = XT_CONNTRACK_STATE;
    info.state_mask = states;
    return extension("conntrack", 3, info);
}

Extension dnat(const Ip& to, std::uint16_t port) {
    nf_nat_range2 range{};
    range.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
    range.min_addr = range.max_addr = inet(to);
    range.min_proto.all = range.max_proto.all = htons(port);
    return extension("DNAT", 2, range);
}

Extension masquerade(Family family) {
    if (family == Family::v4) {
        nf_nat_ipv4_multi_range_compat range{};
        range.rangesize = 1;
        return extension("MASQUERADE", 0, range);
    }
    return extension("MASQUERADE", 0, nf_nat_range{});
}

Extension set_mark(std::uint32_t value, std::uint32_t mask) {
    return extension("MARK", 2, xt_mark_tginfo2{value, mask});
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
    if (!info) return {};
    return {info->ports, info->ports + info->count};
}

std::optional<std::uint16_t> destination_port(const Extension& match) {
    if (const auto tcp = value_of<xt_tcp>(match, "tcp", 0)) return tcp->dpts[0];
    if (const auto udp = value_of<xt_udp>(match, "udp", 0)) return udp->dpts[0];
    if (const auto sctp = value_of<xt_sctp_info>(match, "sctp", 0)) return sctp->dpts[0];
    return {};
}

}  // namespace cni::ipt
