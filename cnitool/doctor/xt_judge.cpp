#include "xt_judge.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "base/contains.h"
#include "iptables/extensions.h"

namespace cni::tool {
namespace {

template <typename T>
std::optional<T> info_of(const nft::XtMatch& match) {
    if (match.info.size() < sizeof(T)) return {};
    T info;
    std::memcpy(&info, match.info.data(), sizeof info);
    return info;
}

Truth truth_of(bool holds) {
    return holds ? Truth::yes : Truth::no;
}

Truth comment_holds(const nft::XtMatch&, const Packet&) {
    return Truth::yes;
}

// Revision 2 is how revision 3 begins; the first ones are of kernels that nobody has.
Truth conntrack_holds(const nft::XtMatch& match, const Packet& packet) {
    const auto info = info_of<xt_conntrack_mtinfo2>(match);
    if (!info || match.revision < 2) return Truth::maybe;
    const auto fails = [&](int what, bool is_true) {
        return (info->match_flags & what) != 0 && is_true == ((info->invert_flags & what) != 0);
    };
    if (fails(XT_CONNTRACK_STATE, (info->state_mask & state_bit(packet)) != 0)) return Truth::no;
    // One that begins a connection has no status yet.
    if (!packet.is_answer && fails(XT_CONNTRACK_STATUS, false)) return Truth::no;
    const int understood = XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS |
                           (packet.is_answer ? 0 : XT_CONNTRACK_STATUS);
    return (info->match_flags & ~understood) == 0 ? Truth::yes : Truth::maybe;
}

Truth state_holds(const nft::XtMatch& match, const Packet& packet) {
    const auto info = info_of<xt_state_info>(match);
    return info ? truth_of((info->statemask & state_bit(packet)) != 0) : Truth::maybe;
}

Truth mark_holds(const nft::XtMatch& match, const Packet&) {
    const auto info = info_of<xt_mark_mtinfo1>(match);
    if (!info || match.revision != 1) return Truth::maybe;
    return truth_of((info->mark == 0) != (info->invert != 0));
}

Truth addrtype_holds(const nft::XtMatch& match, const Packet& packet) {
    const auto info = info_of<xt_addrtype_info_v1>(match);
    const bool asks_for_destination = info && match.revision == 1 && info->source == 0 &&
                                      (info->flags & ~XT_ADDRTYPE_INVERT_DEST) == 0;
    if (!asks_for_destination || !packet.is_for_host) return Truth::maybe;
    const bool is_inverted = (info->flags & XT_ADDRTYPE_INVERT_DEST) != 0;
    return truth_of(((info->dest & (1 << RTN_LOCAL)) != 0) != is_inverted);
}

/// Both "tcp" and "udp" begin with the ports they take: of the source, of the destination.
Truth port_holds(const nft::XtMatch& match, const Packet& packet) {
    const auto info = info_of<xt_udp>(match);
    constexpr std::size_t tcp_tail = sizeof(xt_tcp) - offsetof(xt_tcp, option);
    std::size_t tail_start = offsetof(xt_udp, invflags);
    const std::size_t tail = match.name == "tcp" ? tcp_tail : sizeof info->invflags;
    if (!info || match.info.size() < tail_start + tail) return Truth::maybe;
    for (; tail_start < match.info.size(); ++tail_start)
        if (match.info[tail_start] != 0) return Truth::maybe;  // options, flags, inversions
    const bool is_from_anywhere = info->spts[0] == 0 && info->spts[1] == 0xffff;
    const bool is_to_anywhere = info->dpts[0] == 0 && info->dpts[1] == 0xffff;
    if (!is_to_anywhere && !packet.port) return Truth::maybe;
    if (!is_to_anywhere && (*packet.port < info->dpts[0] || *packet.port > info->dpts[1]))
        return Truth::no;
    return is_from_anywhere ? Truth::yes : Truth::maybe;
}

Truth multiport_holds(const nft::XtMatch& match, const Packet& packet) {
    const auto ports =
        ipt::destination_ports({match.name, static_cast<std::uint8_t>(match.revision), match.info});
    if (ports.empty() || !packet.port) return Truth::maybe;
    return truth_of(contains(ports, *packet.port));
}

struct Match {
    std::string_view name;
    Truth (*holds)(const nft::XtMatch& match, const Packet& packet);
};
constexpr Match matches[] = {
    {"comment", comment_holds}, {"conntrack", conntrack_holds}, {"state", state_holds},
    {"mark", mark_holds},       {"addrtype", addrtype_holds},   {"tcp", port_holds},
    {"udp", port_holds},        {"multiport", multiport_holds},
};

}  // namespace

std::uint32_t state_bit(const Packet& packet) {
    return XT_CONNTRACK_STATE_BIT((packet.is_answer ? IP_CT_ESTABLISHED : IP_CT_NEW));
}

Truth xt_match_holds(const nft::XtMatch& match, const Packet& packet) {
    for (const Match& known : matches)
        if (known.name == match.name) return known.holds(match, packet);
    return Truth::maybe;
}

Act act_of_xt_target(std::string_view name) {
    constexpr std::string_view going_on[] = {"MARK",  "CONNMARK", "LOG",      "NFLOG",   "TCPMSS",
                                             "AUDIT", "CT",       "SET",      "TOS",     "DSCP",
                                             "TRACE", "TTL",      "CLASSIFY", "CHECKSUM"};
    if (name == "REJECT") return Act::drop;
    if (name == "DNAT" || name == "REDIRECT") return Act::translate;
    if (name == "MASQUERADE" || name == "SNAT") return Act::masquerade;
    return contains(going_on, name) ? Act::none : Act::other;
}

}  // namespace cni::tool
