#include "judge.h"

#include <linux/if_ether.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/contains.h"
#include "base/error.h"
#include "netfilter/nft_match.h"
#include "xt_judge.h"

namespace cni::tool {
namespace {

using nft::Bytes;
using Known = std::optional<Bytes>;

Known bytes_of(const std::optional<Ip>& ip) {
    if (!ip) return {};
    return Bytes(ip->data(), ip->data() + ip->size());
}

Known whole_name(const std::string& interface) {
    if (interface.empty()) return {};
    Bytes name(interface.begin(), interface.end());
    name.resize(16);  // IFNAMSIZ: as the kernel loads it
    return name;
}

Known meta_of(const Packet& packet, std::uint32_t key) {
    const bool v4 = packet.family == Family::v4;
    if (key == NFT_META_IIFNAME) return whole_name(packet.in);
    if (key == NFT_META_OIFNAME) return whole_name(packet.out);
    if (key == NFT_META_NFPROTO) return Bytes{nft::nfproto(packet.family)};
    if (key == NFT_META_PROTOCOL) return nft::network_order(v4 ? ETH_P_IP : ETH_P_IPV6);
    if (key == NFT_META_MARK) return nft::host_order(0);
    if (key == NFT_META_L4PROTO && packet.protocol) return Bytes{*packet.protocol};
    return {};
}

/// What lies in the network header from byte `start` on.
Known part_of(const Known& field, std::uint32_t start, const nft::Payload& load) {
    if (!field || load.offset < start || load.offset + load.length > start + field->size())
        return {};
    const auto from = field->begin() + (load.offset - start);
    return Bytes(from, from + load.length);
}

Known payload_of(const Packet& packet, const nft::Payload& load) {
    const bool v4 = packet.family == Family::v4;
    const bool is_port = load.offset == 2 && load.length == 2 && packet.port;
    if (load.base == NFT_PAYLOAD_TRANSPORT_HEADER)
        return is_port ? Known(nft::network_order(*packet.port)) : Known();
    if (load.base != NFT_PAYLOAD_NETWORK_HEADER) return {};
    const bool is_protocol = load.offset == (v4 ? 9u : 6u) && load.length == 1;
    if (is_protocol && packet.protocol) return Bytes{*packet.protocol};
    if (auto source = part_of(bytes_of(packet.source), v4 ? 12 : 8, load)) return source;
    return part_of(bytes_of(packet.destination), v4 ? 16 : 24, load);
}

// One that begins a connection has been translated by nobody yet.
Known tracked_of(const Packet& packet, std::uint32_t key) {
    if (key == NFT_CT_STATE) return nft::host_order(state_bit(packet));
    if (key == NFT_CT_MARK || (key == NFT_CT_STATUS && !packet.is_answer))
        return nft::host_order(0);
    return {};
}

Known route_of(const Packet& packet, const nft::Fib& fib) {
    const bool is_asked = fib.result == NFT_FIB_RESULT_ADDRTYPE &&
                          (fib.flags & NFTA_FIB_F_DADDR) != 0 && packet.is_for_host;
    return is_asked ? Known(nft::host_order(RTN_LOCAL)) : Known();
}

bool relates(const Bytes& value, const nft::Cmp& to) {
    const int order = std::memcmp(value.data(), to.data.data(), to.data.size());
    switch (to.op) {
        case nft::Op::eq:
            return order == 0;
        case nft::Op::ne:
            return order != 0;
        case nft::Op::lt:
            return order < 0;
        case nft::Op::le:
            return order <= 0;
        case nft::Op::gt:
            return order > 0;
        case nft::Op::ge:
            return order >= 0;
    }
    return false;
}

/// Goes through the expressions with what is known in registers.
class Judge {
public:
    Judge(const Packet& packet, const ElementOf& element_of)
        : packet_(packet), element_of_(element_of) {}

    Decision decide(const nft::Rule& rule) {
        for (const nft::Expr& expression : rule) {
            std::visit(*this, expression);
            if (out_.holds == Truth::no) break;
        }
        return std::move(out_);
    }

    void operator()(const nft::Meta& e) { load(e.dreg, meta_of(packet_, e.key)); }
    void operator()(const nft::Payload& e) { load(e.dreg, payload_of(packet_, e)); }
    void operator()(const nft::Ct& e) { load(e.dreg, tracked_of(packet_, e.key)); }
    void operator()(const nft::Fib& e) { load(e.dreg, route_of(packet_, e)); }
    void operator()(const nft::Immediate& e) { load(e.dreg, e.data); }
    void operator()(const nft::Bitwise& e) {
        Known value = find(e.sreg);
        if (value && value->size() >= e.mask.size() && e.flip.size() == e.mask.size()) {
            value->resize(e.mask.size());
            for (std::size_t i = 0; i < value->size(); ++i)
                (*value)[i] = static_cast<std::uint8_t>(((*value)[i] & e.mask[i]) ^ e.flip[i]);
        } else {
            value.reset();
        }
        load(e.dreg, std::move(value));
    }
    void operator()(const nft::Cmp& e) {
        const Known value = find(e.sreg);
        if (!value || value->size() < e.data.size())
            doubt();
        else if (!relates(*value, e))
            out_.holds = Truth::no;
    }
    void operator()(const nft::Lookup& e) {
        const Known key = find(e.sreg);
        if (e.dreg) load(*e.dreg, {});
        if (!key) return doubt(e.dreg == NFT_REG_VERDICT);
        try {
            take(element_of_(e.set, *key), e);
        } catch (const Error&) {
            doubt(e.dreg == NFT_REG_VERDICT);
        }
    }
    void operator()(const nft::Verdict& e) {
        constexpr std::pair<std::int32_t, Act> acts[] = {
            {NF_ACCEPT, Act::accept}, {NF_DROP, Act::drop},   {NFT_RETURN, Act::back},
            {NFT_JUMP, Act::jump},    {NFT_GOTO, Act::go_to}, {NFT_CONTINUE, Act::none}};
        const auto found = std::ranges::find(acts, e.code, &std::pair<std::int32_t, Act>::first);
        out_.act = found == std::end(acts) ? Act::other : found->second;
        out_.chain = e.chain;
    }
    void operator()(const nft::Masquerade&) { out_.act = Act::masquerade; }
    void operator()(const nft::Nat& e) {
        out_.act = e.type == NFT_NAT_DNAT ? Act::translate : Act::masquerade;
    }
    void operator()(const nft::XtMatch& e) {
        const Truth holds = xt_match_holds(e, packet_);
        if (holds != Truth::yes && out_.holds != Truth::no) out_.holds = holds;
    }
    void operator()(const nft::XtTarget& e) { out_.act = act_of_xt_target(e.name); }
    void operator()(const nft::Counter&) {}
    void operator()(const nft::SetMeta&) {}
    void operator()(const nft::Unknown& e) {
        constexpr std::string_view without_effect[] = {"log", "objref", "last", "notrack",
                                                       "dynset"};
        if (e.name == "reject")
            out_.act = Act::drop;
        else if (e.name == "redir" || e.name == "nat")
            out_.act = Act::translate;
        else if (e.name == "masq")
            out_.act = Act::masquerade;
        else if (!contains(without_effect, e.name)) {
            known_.clear();  // it may write to one
            doubt();
        }
    }

private:
    void load(std::uint32_t reg, Known value) {
        if (value)
            known_[reg] = *std::move(value);
        else
            known_.erase(reg);
    }
    Known find(std::uint32_t reg) const {
        const auto found = known_.find(reg);
        return found == known_.end() ? Known() : Known(found->second);
    }
    /// `may_end`: it may end the chain, in whichever way.
    void doubt(bool may_end = false) {
        out_.holds = Truth::maybe;
        if (may_end) out_.act = Act::other;
    }
    void take(const std::optional<nft::Element>& element, const nft::Lookup& e) {
        if (element.has_value() == e.inverted) {
            out_.holds = Truth::no;
            return;
        }
        if (!element) return;
        if (const auto* verdict = std::get_if<nft::Verdict>(&element->value)) (*this)(*verdict);
        if (const auto* data = std::get_if<Bytes>(&element->value); data && e.dreg)
            load(*e.dreg, *data);
    }

    const Packet& packet_;
    const ElementOf& element_of_;
    Decision out_;
    std::map<std::uint32_t, Bytes> known_;
};

}  // namespace

Decision judge(const nft::Rule& rule, const Packet& packet, const ElementOf& element_of) {
    return Judge(packet, element_of).decide(rule);
}

}  // namespace cni::tool
