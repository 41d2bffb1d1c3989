#include "conditions.h"

#include "base/error.h"

namespace cni::portmap::nftables {
namespace {

using nft::Bytes;
using nft::Cmp;
using nft::Op;
using nft::Rule;

constexpr std::size_t most_rules = 1000;

Op op_of(bool inverted) {
    return inverted ? Op::ne : Op::eq;
}

/// The tests of one condition, one for each of its values.
struct Tests {
    std::vector<Rule> operator()(const AddressCondition& c) const {
        return each(c.any_of,
                    [&](const Prefix& p) { return nft::address(c.side, op_of(c.inverted), p); });
    }
    std::vector<Rule> operator()(const InterfaceCondition& c) const {
        return each(c.any_of, [&](const std::string& name) {
            return nft::interface(c.output ? NFT_META_OIFNAME : NFT_META_IIFNAME, op_of(c.inverted),
                                  name);
        });
    }
    std::vector<Rule> operator()(const ProtocolCondition& c) const {
        return each(c.any_of, [&](std::uint8_t number) {
            return nft::rule(nft::Meta{NFT_META_L4PROTO}, Cmp{op_of(c.inverted), {number}});
        });
    }
    std::vector<Rule> operator()(const AddressTypeCondition& c) const {
        const std::uint32_t flags =
            c.side == nft::Side::source ? NFTA_FIB_F_SADDR : NFTA_FIB_F_DADDR;
        return each(c.any_of, [&](std::uint8_t type) {
            return nft::rule(nft::Fib{flags, NFT_FIB_RESULT_ADDRTYPE},
                             Cmp{op_of(c.inverted), nft::host_order(type)});
        });
    }
    std::vector<Rule> operator()(const MarkCondition& c) const {
        Rule out = nft::rule(nft::Meta{NFT_META_MARK});
        if (c.mask != ~std::uint32_t{0})
            out.push_back(nft::Bitwise{nft::host_order(c.mask), nft::host_order(0)});
        out.push_back(Cmp{op_of(c.inverted), nft::host_order(c.value)});
        return {out};
    }

    std::vector<Rule> operator()(const SetCondition& c) const {
        throw Error(Code::invalid_config,
                    cat("nftables does not see the sets of the ipset program: ", quote(c.name)),
                    "use backend iptables, or name the addresses: ip saddr { ... }");
    }

    template <typename T, typename F>
    static std::vector<Rule> each(const std::vector<T>& values, F&& test) {
        std::vector<Rule> out;
        for (const T& value : values) out.push_back(test(value));
        return out;
    }
};

bool is_inverted(const Condition& condition) {
    return std::visit([](const auto& c) { return c.inverted; }, condition);
}

/// Every rule with every test behind it.
std::vector<Rule> combinations(const std::vector<Rule>& rules, const std::vector<Rule>& tests) {
    if (rules.size() * tests.size() > most_rules)
        throw Error(Code::invalid_config,
                    cat("the conditions have more than ", most_rules, " combinations of values"));
    std::vector<Rule> out;
    for (const Rule& rule : rules)
        for (const Rule& test : tests) out.push_back(nft::rule(rule, test));
    return out;
}

}  // namespace

std::vector<Rule> condition_rules(const std::vector<Condition>& conditions) {
    std::vector<Rule> out{Rule{}};
    for (const Condition& condition : conditions) {
        std::vector<Rule> tests = std::visit(Tests{}, condition);
        if (is_inverted(condition)) {
            // None of the values: all tests, one behind the other.
            Rule all;
            for (const Rule& test : tests) all.insert(all.end(), test.begin(), test.end());
            tests = {all};
        }
        out = combinations(out, tests);
    }
    return out;
}

}  // namespace cni::portmap::nftables
