#include "netfilter/nft_expr.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>

namespace cni::nft {
namespace {

// NF_NAT_RANGE_MAP_IPS and _PROTO_SPECIFIED: the kernel sets them by what is given.
constexpr std::uint32_t nat_implied_flags = 3;

template <typename F>
void put_expression(NlMessage& m, const char* name, F&& attributes) {
    m.nest(NFTA_LIST_ELEM, [&] {
        m.put_string(NFTA_EXPR_NAME, name);
        m.nest(NFTA_EXPR_DATA, attributes);
    });
}

void put_register(NlMessage& m, int attribute, const std::optional<std::uint32_t>& number) {
    if (number) m.put_be32(attribute, *number);
}

/// What the packets of either direction say of themselves.
bool has_direction(std::uint32_t ct_key) {
    return ct_key == NFT_CT_SRC_IP || ct_key == NFT_CT_SRC_IP6 || ct_key == NFT_CT_DST_IP ||
           ct_key == NFT_CT_DST_IP6;
}

struct Encoder {
    NlMessage& m;

    // Loading and setting are one expression: by which register it names the kernel tells them
    // apart (nft_meta_select_ops).
    void operator()(const Meta& e) const {
        put_expression(m, "meta",
                       [&] { m.put_be32(NFTA_META_KEY, e.key).put_be32(NFTA_META_DREG, e.dreg); });
    }
    void operator()(const SetMeta& e) const {
        put_expression(m, "meta",
                       [&] { m.put_be32(NFTA_META_KEY, e.key).put_be32(NFTA_META_SREG, e.sreg); });
    }
    void operator()(const Ct& e) const {
        put_expression(m, "ct", [&] {
            m.put_be32(NFTA_CT_KEY, e.key).put_be32(NFTA_CT_DREG, e.dreg);
            if (has_direction(e.key)) m.put_u8(NFTA_CT_DIRECTION, IP_CT_DIR_ORIGINAL);
        });
    }
    void operator()(const Payload& e) const {
        put_expression(m, "payload", [&] {
            m.put_be32(NFTA_PAYLOAD_DREG, e.dreg).put_be32(NFTA_PAYLOAD_BASE, e.base);
            m.put_be32(NFTA_PAYLOAD_OFFSET, e.offset).put_be32(NFTA_PAYLOAD_LEN, e.length);
        });
    }
    void operator()(const Cmp& e) const {
        put_expression(m, "cmp", [&] {
            m.put_be32(NFTA_CMP_SREG, e.sreg);
            m.put_be32(NFTA_CMP_OP, static_cast<std::uint32_t>(e.op));
            put_data(m, NFTA_CMP_DATA, e.data);
        });
    }
    void operator()(const Bitwise& e) const {
        put_expression(m, "bitwise", [&] {
            m.put_be32(NFTA_BITWISE_SREG, e.sreg).put_be32(NFTA_BITWISE_DREG, e.dreg);
            m.put_be32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(e.mask.size()));
            put_data(m, NFTA_BITWISE_MASK, e.mask);
            put_data(m, NFTA_BITWISE_XOR, e.flip);
        });
    }
    void operator()(const Lookup& e) const {
        put_expression(m, "lookup", [&] {
            m.put_be32(NFTA_LOOKUP_SREG, e.sreg);
            put_register(m, NFTA_LOOKUP_DREG, e.dreg);
            m.put_string(NFTA_LOOKUP_SET, e.set);
            m.put_be32(NFTA_LOOKUP_FLAGS, e.inverted ? NFT_LOOKUP_F_INV : 0);
        });
    }
    void operator()(const Immediate& e) const {
        put_expression(m, "immediate", [&] {
            m.put_be32(NFTA_IMMEDIATE_DREG, e.dreg);
            put_data(m, NFTA_IMMEDIATE_DATA, e.data);
        });
    }
    // A verdict is loaded as values are, into a register of its own.
    void operator()(const Verdict& e) const {
        put_expression(m, "immediate", [&] {
            m.put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
            put_verdict(m, NFTA_IMMEDIATE_DATA, e);
        });
    }
    void operator()(const Counter&) const {
        put_expression(m, "counter", [] {});
    }
    void operator()(const Masquerade& e) const {
        put_expression(m, "masq", [&] {
            // Left out where there are none, as `nft` does: CHECK compares with what others made.
            if (e.flags) m.put_be32(NFTA_MASQ_FLAGS, e.flags);
        });
    }
    void operator()(const Nat& e) const {
        put_expression(m, "nat", [&] {
            m.put_be32(NFTA_NAT_TYPE, e.type).put_be32(NFTA_NAT_FAMILY, e.family);
            put_register(m, NFTA_NAT_REG_ADDR_MIN, e.address_sreg);
            put_register(m, NFTA_NAT_REG_PROTO_MIN, e.port_sreg);
            if (e.flags) m.put_be32(NFTA_NAT_FLAGS, e.flags);
        });
    }
    void operator()(const Fib& e) const {
        put_expression(m, "fib", [&] {
            m.put_be32(NFTA_FIB_FLAGS, e.flags).put_be32(NFTA_FIB_RESULT, e.result);
            m.put_be32(NFTA_FIB_DREG, e.dreg);
        });
    }
    void operator()(const XtMatch& e) const {
        put_expression(m, "match", [&] {
            m.put_string(NFTA_MATCH_NAME, e.name).put_be32(NFTA_MATCH_REV, e.revision);
            m.put(NFTA_MATCH_INFO, e.info);
        });
    }
    void operator()(const XtTarget& e) const {
        put_expression(m, "target", [&] {
            m.put_string(NFTA_TARGET_NAME, e.name).put_be32(NFTA_TARGET_REV, e.revision);
            m.put(NFTA_TARGET_INFO, e.info);
        });
    }
    void operator()(const Unknown& e) const {
        put_expression(m, e.name.c_str(), [] {});
    }
};

/// Attributes of an expression, numbers turned to host byte order.
template <int max>
struct Fields : NlAttributes<max> {
    using NlAttributes<max>::NlAttributes;
    std::uint32_t number(int attribute) const {
        return ntohl(this->template get_or<std::uint32_t>(attribute, 0));
    }
    std::optional<std::uint32_t> find(int attribute) const {
        const auto* value = this->template get<std::uint32_t>(attribute);
        if (!value) return {};
        return ntohl(*value);
    }
};

Expr parse_meta(const nlattr* nest) {
    const Fields<NFTA_META_MAX> f(nest);
    if (const auto sreg = f.find(NFTA_META_SREG)) return SetMeta{f.number(NFTA_META_KEY), *sreg};
    return Meta{f.number(NFTA_META_KEY), f.number(NFTA_META_DREG)};
}

Expr parse_ct(const nlattr* nest) {
    const Fields<NFTA_CT_MAX> f(nest);
    const Ct out{f.number(NFTA_CT_KEY), f.number(NFTA_CT_DREG)};
    const auto* direction = f.get<std::uint8_t>(NFTA_CT_DIRECTION);
    const bool is_plain = has_direction(out.key) ? direction && *direction == IP_CT_DIR_ORIGINAL
                                                 : direction == nullptr;
    if (!f[NFTA_CT_DREG] || !is_plain) return Unknown{"ct"};
    return out;
}

Expr parse_payload(const nlattr* nest) {
    const Fields<NFTA_PAYLOAD_MAX> f(nest);
    if (!f[NFTA_PAYLOAD_DREG]) return Unknown{"payload"};
    return Payload{f.number(NFTA_PAYLOAD_BASE), f.number(NFTA_PAYLOAD_OFFSET),
                   f.number(NFTA_PAYLOAD_LEN), f.number(NFTA_PAYLOAD_DREG)};
}

Expr parse_cmp(const nlattr* nest) {
    const Fields<NFTA_CMP_MAX> f(nest);
    return Cmp{static_cast<Op>(f.number(NFTA_CMP_OP)), parse_data(f[NFTA_CMP_DATA]),
               f.number(NFTA_CMP_SREG)};
}

Expr parse_bitwise(const nlattr* nest) {
    const Fields<NFTA_BITWISE_MAX> f(nest);
    if (f.number(NFTA_BITWISE_OP) != NFT_BITWISE_BOOL) return Unknown{"bitwise"};
    return Bitwise{parse_data(f[NFTA_BITWISE_MASK]), parse_data(f[NFTA_BITWISE_XOR]),
                   f.number(NFTA_BITWISE_SREG), f.number(NFTA_BITWISE_DREG)};
}

Expr parse_lookup(const nlattr* nest) {
    const Fields<NFTA_LOOKUP_MAX> f(nest);
    return Lookup{std::string(f.string(NFTA_LOOKUP_SET)), f.number(NFTA_LOOKUP_SREG),
                  f.find(NFTA_LOOKUP_DREG), (f.number(NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0};
}

Expr parse_immediate(const nlattr* nest) {
    const Fields<NFTA_IMMEDIATE_MAX> f(nest);
    if (auto verdict = parse_verdict(f[NFTA_IMMEDIATE_DATA])) return *verdict;
    return Immediate{parse_data(f[NFTA_IMMEDIATE_DATA]), f.number(NFTA_IMMEDIATE_DREG)};
}

Expr parse_counter(const nlattr*) {
    return Counter{};
}

Expr parse_masquerade(const nlattr* nest) {
    const Fields<NFTA_MASQ_MAX> f(nest);
    if (f[NFTA_MASQ_REG_PROTO_MIN]) return Unknown{"masq"};
    return Masquerade{f.number(NFTA_MASQ_FLAGS)};
}

Expr parse_nat(const nlattr* nest) {
    const Fields<NFTA_NAT_MAX> f(nest);
    // What was given as one address or port the kernel lists as a range from it to itself
    // (nft_nat_dump).
    const auto is_range = [&](int low, int high) {
        return f.find(high).value_or(f.number(low)) != f.number(low);
    };
    if (is_range(NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX) ||
        is_range(NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX))
        return Unknown{"nat"};
    return Nat{f.number(NFTA_NAT_TYPE), f.number(NFTA_NAT_FAMILY), f.find(NFTA_NAT_REG_ADDR_MIN),
               f.find(NFTA_NAT_REG_PROTO_MIN), f.number(NFTA_NAT_FLAGS) & ~nat_implied_flags};
}

Expr parse_fib(const nlattr* nest) {
    const Fields<NFTA_FIB_MAX> f(nest);
    return Fib{f.number(NFTA_FIB_FLAGS), f.number(NFTA_FIB_RESULT), f.number(NFTA_FIB_DREG)};
}

/// XtMatch or XtTarget: their attributes have the same numbers.
template <typename Xt>
Expr parse_xt(const nlattr* nest) {
    static_assert(int{NFTA_MATCH_MAX} == int{NFTA_TARGET_MAX});
    const Fields<NFTA_MATCH_MAX> f(nest);
    const auto info = f.bytes(NFTA_MATCH_INFO);
    return Xt{std::string(f.string(NFTA_MATCH_NAME)),
              f.number(NFTA_MATCH_REV),
              {info.begin(), info.end()}};
}

struct Parser {
    std::string_view name;
    Expr (*parse)(const nlattr* nest);
};
constexpr Parser parsers[] = {
    {"meta", parse_meta},
    {"ct", parse_ct},
    {"payload", parse_payload},
    {"cmp", parse_cmp},
    {"bitwise", parse_bitwise},
    {"lookup", parse_lookup},
    {"nat", parse_nat},
    {"immediate", parse_immediate},
    {"fib", parse_fib},
    {"counter", parse_counter},
    {"masq", parse_masquerade},
    {"match", parse_xt<XtMatch>},
    {"target", parse_xt<XtTarget>},
};

Expr parse_expression(const nlattr* element) {
    const NlAttributes<NFTA_EXPR_MAX> attributes(element);
    const auto name = attributes.string(NFTA_EXPR_NAME);
    for (const Parser& parser : parsers)
        if (parser.name == name && attributes[NFTA_EXPR_DATA])
            return parser.parse(attributes[NFTA_EXPR_DATA]);
    return Unknown{std::string(name)};
}

bool all_zero(const Bytes& bytes, std::size_t from = 0) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                       [](auto b) { return b == 0; });
}

/// How many leading bytes the mask lets pass, when it passes nothing but whole leading bytes.
std::optional<std::size_t> leading_bytes(const Bytes& mask) {
    const auto end = std::find_if(mask.begin(), mask.end(), [](auto b) { return b != 0xff; });
    const auto length = static_cast<std::size_t>(end - mask.begin());
    if (length == 0 || !all_zero(mask, length)) return {};
    return length;
}

/// Payload, Bitwise, Cmp at `at` turned into a load of the leading bytes, if that is the same.
void shorten_load(Rule& rule, std::size_t at) {
    auto* load = std::get_if<Payload>(&rule[at]);
    const auto* bits = std::get_if<Bitwise>(&rule[at + 1]);
    auto* compared = std::get_if<Cmp>(&rule[at + 2]);
    if (!load || !bits || !compared) return;
    const bool one_value = load->dreg == bits->sreg && bits->dreg == compared->sreg &&
                           load->length == bits->mask.size() &&
                           compared->data.size() == load->length;
    const auto length = leading_bytes(bits->mask);
    if (!one_value || !length || !all_zero(bits->flip) || !all_zero(compared->data, *length))
        return;
    load->length = static_cast<std::uint32_t>(*length);
    compared->sreg = load->dreg;
    compared->data.resize(*length);
    rule.erase(rule.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

Rule with_short_loads(Rule rule) {
    for (std::size_t i = 0; i + 2 < rule.size(); ++i) shorten_load(rule, i);
    return rule;
}

}  // namespace

void put_data(NlMessage& message, int attribute, const Bytes& data) {
    message.nest(attribute, [&] { message.put(NFTA_DATA_VALUE, data); });
}

void put_verdict(NlMessage& message, int attribute, const Verdict& verdict) {
    message.nest(attribute, [&] {
        message.nest(NFTA_DATA_VERDICT, [&] {
            message.put_be32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict.code));
            if (!verdict.chain.empty()) message.put_string(NFTA_VERDICT_CHAIN, verdict.chain);
        });
    });
}

void put_rule(NlMessage& message, int attribute, const Rule& rule) {
    message.nest(attribute, [&] {
        for (const Expr& expression : rule) std::visit(Encoder{message}, expression);
    });
}

Bytes parse_data(const nlattr* nest) {
    if (!nest) return {};
    const auto value = NlAttributes<NFTA_DATA_MAX>(nest).bytes(NFTA_DATA_VALUE);
    return {value.begin(), value.end()};
}

std::optional<Verdict> parse_verdict(const nlattr* nest) {
    if (!nest) return {};
    const NlAttributes<NFTA_DATA_MAX> data(nest);
    if (!data[NFTA_DATA_VERDICT]) return {};
    const Fields<NFTA_VERDICT_MAX> f(data[NFTA_DATA_VERDICT]);
    return Verdict{static_cast<std::int32_t>(f.number(NFTA_VERDICT_CODE)),
                   std::string(f.string(NFTA_VERDICT_CHAIN))};
}

Rule parse_rule(const nlattr* expressions) {
    Rule rule;
    if (!expressions) return rule;
    int left = nla_len(expressions);
    for (auto* element = static_cast<const nlattr*>(nla_data(expressions)); nla_ok(element, left);
         element = nla_next(element, &left))
        rule.push_back(parse_expression(element));
    return rule;
}

bool equivalent(const Rule& a, const Rule& b) {
    return with_short_loads(a) == with_short_loads(b);
}

}  // namespace cni::nft
