#include "iptables/nft_base_chains.h"

#include <linux/netfilter_ipv4.h>

#include <algorithm>

namespace cni::ipt {
namespace {

struct BaseChain {
    std::string_view table, name;
    std::uint32_t number;
    std::int32_t priority;
};
// Those made first, and therefore most likely there, come first.
constexpr BaseChain base_chains[] = {
    {"nat", "POSTROUTING", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
    {"nat", "PREROUTING", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
    {"nat", "OUTPUT", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
    {"nat", "INPUT", NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC},
    {"filter", "FORWARD", NF_INET_FORWARD, NF_IP_PRI_FILTER},
    {"filter", "INPUT", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER},
    {"filter", "OUTPUT", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER},
    {"raw", "PREROUTING", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW},
};

nft::Hook hook_of(const BaseChain& chain) {
    return {.type = chain.table == "nat" ? "nat" : "filter",
            .number = chain.number,
            .priority = chain.priority};
}

}  // namespace

std::optional<nft::Hook> base_chain_hook(std::string_view table, std::string_view chain) {
    for (const BaseChain& base : base_chains)
        if (base.table == table && base.name == chain) return hook_of(base);
    return {};
}

std::string_view first_base_chain(std::string_view table) {
    const auto found = std::ranges::find(base_chains, table, &BaseChain::table);
    return found == std::end(base_chains) ? "" : found->name;
}

bool is_iptables_table(nft::Connection& nft, const nft::Table& table) {
    if (!nft.has_table(table)) return false;
    return std::ranges::any_of(base_chains, [&](const BaseChain& base) {
        if (base.table != table.name) return false;
        const auto chain = nft.find_chain(table, std::string(base.name));
        return chain && chain->hook && chain->hook->is_same_place(hook_of(base));
    });
}

}  // namespace cni::ipt
