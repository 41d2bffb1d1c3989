#include "skeleton.h"

#include <linux/if.h>

#include "netfilter/owner_key.h"

namespace cni::firewall::nftables {
namespace {

constexpr std::string_view table_comment = "CNI firewall plugin";

}  // namespace

std::optional<std::string> fault_of(nft::Connection& nft, const Skeleton& skeleton) {
    // The other sets cannot go while rules look packets up in them.
    const std::string& last_set = skeleton.sets.back().name;
    if (!nft.has_set(skeleton.table, last_set))
        return cat("map ", last_set, " of nftables table ", skeleton.table.to_string());
    for (const nft::ChainLayout& chain : skeleton.chains)
        if (!nft::is_in_place(nft, skeleton.table, chain))
            return cat("chain ", chain.name, " of nftables table ", skeleton.table.to_string());
    return {};
}

void put(nft::Connection& nft, nft::Batch& batch, const Skeleton& skeleton) {
    if (!fault_of(nft, skeleton)) return;
    batch.add_table(skeleton.table, std::string(table_comment));
    for (const nft::Set& set : skeleton.sets) batch.add_set(skeleton.table, set);
    for (const nft::ChainLayout& chain : skeleton.chains)
        nft::put_repair(nft, batch, skeleton.table, chain);
}

nft::Set verdict_map(nft::Set map) {
    map.data_type = NFT_DATA_VERDICT;
    map.data_length = sizeof(std::uint32_t);
    return map;
}

nft::Set name_set(const std::string& name) {
    return {.name = name, .key_type = nft::type_ifname, .key_length = IFNAMSIZ};
}

nft::Set name_map(const std::string& name) {
    nft::Set map = nft::owner_map(name);
    // As four words: nft cannot read back names that are data.
    map.data_type =
        nft::concatenated({nft::type_mark, nft::type_mark, nft::type_mark, nft::type_mark});
    map.data_length = IFNAMSIZ;
    return map;
}

}  // namespace cni::firewall::nftables
