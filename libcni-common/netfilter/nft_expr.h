#pragma once

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "netlink/nl_message.h"

/// nf_tables as the kernel speaks it (linux/netfilter/nf_tables.h), without a helper program.
namespace cni::nft {

using Bytes = std::vector<std::uint8_t>;

/// The 32-bit register number `word` (0..15) under the name the kernel itself prints. Values wider
/// than 4 bytes occupy the following ones; concatenated keys start each field on a new one.
constexpr std::uint32_t reg(std::uint32_t word) {
    return word % 4 == 0 ? NFT_REG_1 + word / 4 : NFT_REG32_00 + word;
}

enum class Op : std::uint32_t {
    eq = NFT_CMP_EQ,
    ne = NFT_CMP_NEQ,
    lt = NFT_CMP_LT,
    le = NFT_CMP_LTE,
    gt = NFT_CMP_GT,
    ge = NFT_CMP_GTE,
};

// The expressions a rule is made of, evaluated in order; a comparison that fails ends the rule.
// They compare equal when they do the same.

/// Loads packet meta data (NFT_META_*) into a register.
struct Meta {
    std::uint32_t key;
    std::uint32_t dreg = reg(0);
    bool operator==(const Meta&) const = default;
};
/// Writes a register to packet meta data (NFT_META_MARK, ...).
struct SetMeta {
    std::uint32_t key;
    std::uint32_t sreg = reg(0);
    bool operator==(const SetMeta&) const = default;
};
/// Loads conntrack data (NFT_CT_* without a direction) into a register.
struct Ct {
    std::uint32_t key;
    std::uint32_t dreg = reg(0);
    bool operator==(const Ct&) const = default;
};
/// Loads `length` bytes at `offset` of a header (NFT_PAYLOAD_*_HEADER).
struct Payload {
    std::uint32_t base;
    std::uint32_t offset;
    std::uint32_t length;
    std::uint32_t dreg = reg(0);
    bool operator==(const Payload&) const = default;
};
/// Goes on when the register relates to `data` as `op` says. Network byte order for payload,
/// host byte order for meta data that are numbers.
struct Cmp {
    Op op;
    Bytes data;
    std::uint32_t sreg = reg(0);
    bool operator==(const Cmp&) const = default;
};
/// dreg = (sreg & mask) ^ flip; the two have the same length.
struct Bitwise {
    Bytes mask;
    Bytes flip;
    std::uint32_t sreg = reg(0);
    std::uint32_t dreg = reg(0);
    bool operator==(const Bitwise&) const = default;
};
/// Goes on when the register is a key of the set (when it is not, if inverted). With `dreg` the
/// set is a map: its value is loaded (NFT_REG_VERDICT: obeyed).
struct Lookup {
    std::string set;
    std::uint32_t sreg = reg(0);
    std::optional<std::uint32_t> dreg = {};
    bool inverted = false;
    bool operator==(const Lookup&) const = default;
};
struct Immediate {
    Bytes data;
    std::uint32_t dreg = reg(0);
    bool operator==(const Immediate&) const = default;
};
/// Ends the rule: NF_ACCEPT, NF_DROP, NFT_RETURN, or NFT_JUMP / NFT_GOTO to `chain`.
struct Verdict {
    std::int32_t code;
    std::string chain;
    bool operator==(const Verdict&) const = default;
};
/// What it has counted is no part of its value.
struct Counter {
    bool operator==(const Counter&) const = default;
};
/// `flags`: NF_NAT_RANGE_* (linux/netfilter/nf_nat.h); 0 for the kernel's choice of ports.
struct Masquerade {
    std::uint32_t flags = 0;
    bool operator==(const Masquerade&) const = default;
};
/// Rewrites the source or destination to the address (and port) held in registers.
struct Nat {
    std::uint32_t type;    // NFT_NAT_SNAT, NFT_NAT_DNAT
    std::uint32_t family;  // NFPROTO_IPV4, NFPROTO_IPV6
    std::optional<std::uint32_t> address_sreg = reg(0);
    std::optional<std::uint32_t> port_sreg = {};
    std::uint32_t flags =
        0;  // NF_NAT_RANGE_PROTO_RANDOM, ...; those telling what is given are implied
    bool operator==(const Nat&) const = default;
};
/// Asks the routing table: `flags` NFTA_FIB_F_DADDR..., result NFT_FIB_RESULT_ADDRTYPE (RTN_LOCAL
/// in host byte order), NFT_FIB_RESULT_OIF...
struct Fib {
    std::uint32_t flags;
    std::uint32_t result;
    std::uint32_t dreg = reg(0);
    bool operator==(const Fib&) const = default;
};
/// A match or target of iptables, through the kernel's compatibility layer: `info` is its structure
/// in linux/netfilter/xt_*.h. The kernel lists it with zeros up to a multiple of 8 bytes.
struct XtMatch {
    std::string name;
    std::uint32_t revision = 0;
    Bytes info;
    bool operator==(const XtMatch&) const = default;
};
struct XtTarget {
    std::string name;
    std::uint32_t revision = 0;
    Bytes info;
    bool operator==(const XtTarget&) const = default;
};
/// An expression of somebody else's rule that is none of the above; equal to nothing.
struct Unknown {
    std::string name;
    bool operator==(const Unknown&) const { return false; }
};

using Expr = std::variant<Meta, SetMeta, Ct, Payload, Cmp, Bitwise, Lookup, Immediate, Verdict,
                          Counter, Masquerade, Nat, Fib, XtMatch, XtTarget, Unknown>;
using Rule = std::vector<Expr>;

inline Verdict accept() {
    return {NF_ACCEPT, {}};
}
inline Verdict drop() {
    return {NF_DROP, {}};
}
inline Verdict back() {
    return {NFT_RETURN, {}};
}
inline Verdict jump(std::string chain) {
    return {NFT_JUMP, std::move(chain)};
}
inline Verdict go_to(std::string chain) {
    return {NFT_GOTO, std::move(chain)};
}

/// Appends the rule as a nest of NFTA_LIST_ELEM (attribute NFTA_RULE_EXPRESSIONS).
void put_rule(NlMessage& message, int attribute, const Rule& rule);
/// Appends data or a verdict as a nest of NFTA_DATA_* (rules, map elements).
void put_data(NlMessage& message, int attribute, const Bytes& data);
void put_verdict(NlMessage& message, int attribute, const Verdict& verdict);

/// Reads back what the kernel lists; expressions it knows and this does not become Unknown.
Rule parse_rule(const nlattr* expressions);
Bytes parse_data(const nlattr* nest);
/// nullopt when the nest holds no verdict.
std::optional<Verdict> parse_verdict(const nlattr* nest);

/// Versions of `nft` differ in how they compile a prefix match: a short load of the leading bytes,
/// or a whole load and a mask. True when the rules do the same in either way.
bool equivalent(const Rule& a, const Rule& b);

}  // namespace cni::nft
