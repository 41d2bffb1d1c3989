#include "layout.h"

#include <linux/if.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>

#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"
#include "skeleton.h"

namespace cni::firewall::nftables {
namespace {

using nft::ChainLayout;
using nft::reg;

constexpr const char* forward = "forward";
// Behind the name of the input interface.
constexpr std::uint32_t output_word = IFNAMSIZ / 4;

Skeleton inet_skeleton() {
    const nft::Set pairs{.name = on_bridge,
                         .key_type = nft::concatenated({nft::type_ifname, nft::type_ifname}),
                         .key_length = 2 * IFNAMSIZ};
    const nft::Rule staying =
        nft::rule(nft::Meta{NFT_META_IIFNAME}, nft::Meta{NFT_META_OIFNAME, reg(output_word)},
                  nft::Lookup{on_bridge, reg(0), NFT_REG_VERDICT});
    const nft::Rule crossing =
        nft::rule(nft::Meta{NFT_META_IIFNAME}, nft::Lookup{policed}, nft::Meta{NFT_META_OIFNAME},
                  nft::Lookup{policed}, nft::drop());
    // The chain that others jump to comes first.
    return {inet_table,
            {verdict_map(pairs), name_set(policed), verdict_map(nft::owner_map(attachments))},
            {{admin, {}, {}},
             {forward,
              nft::Hook{"filter", NF_INET_FORWARD, NF_IP_PRI_FILTER},
              {staying, crossing, nft::rule(nft::jump(admin))}}}};
}

// Neither do they hear each other's ARP: who is isolated cannot take a neighbour's traffic away.
Skeleton bridge_skeleton() {
    std::vector<nft::Rule> rules;
    for (const std::uint32_t side : {NFT_META_IIFNAME, NFT_META_OIFNAME})
        rules.push_back(nft::rule(nft::Meta{side}, nft::Lookup{isolated}, nft::drop()));
    return {bridge_table,
            {name_set(isolated), name_map(ports)},
            {{forward, nft::Hook{"filter", NF_BR_FORWARD, NF_BR_PRI_FILTER_BRIDGED}, rules}}};
}

std::vector<Skeleton> skeletons(Policy policy) {
    std::vector<Skeleton> out{inet_skeleton()};
    if (policy == Policy::isolated) out.push_back(bridge_skeleton());
    return out;
}

ChainLayout admin_layout(const std::string& chain) {
    return {admin, {}, {nft::rule(nft::jump(chain))}};
}

}  // namespace

std::string holder(Policy policy, const std::string& bridge) {
    return cat(name_of(policies, policy), "-", bridge);
}

std::optional<Held> parse_holder(const std::string& chain) {
    for (const Policy policy : {Policy::same_bridge, Policy::isolated})
        if (const std::string prefix = holder(policy, ""); chain.starts_with(prefix))
            return Held{policy, chain.substr(prefix.size())};
    return {};
}

nft::Bytes bridge_key(const std::string& bridge) {
    return nft::concatenated_key({nft::interface_name(bridge), nft::interface_name(bridge)});
}

nft::Element bridge_element(const std::string& bridge, Policy policy) {
    return {.key = bridge_key(bridge),
            .value = policy == Policy::isolated ? nft::drop() : nft::go_to(admin)};
}

void put_skeleton(nft::Connection& nft, nft::Batch& batch, const std::string& admin_chain,
                  Policy policy) {
    for (const Skeleton& skeleton : skeletons(policy)) put(nft, batch, skeleton);
    if (nft::is_in_place(nft, inet_table, admin_layout(admin_chain))) return;
    if (!nft.find_chain(inet_table, admin_chain)) batch.add_chain(inet_table, admin_chain);
    batch.add_rule(inet_table, admin, nft::rule(nft::jump(admin_chain)));
}

std::optional<std::string> skeleton_fault(nft::Connection& nft, const std::string& admin_chain,
                                          Policy policy) {
    for (const Skeleton& skeleton : skeletons(policy))
        if (auto fault = fault_of(nft, skeleton)) return fault;
    if (!nft::is_in_place(nft, inet_table, admin_layout(admin_chain)))
        return cat("the jump to ", admin_chain, " of nftables table ", inet_table.to_string());
    return {};
}

}  // namespace cni::firewall::nftables
