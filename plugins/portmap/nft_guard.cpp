#include "nft_backend.h"

#include <linux/netfilter_ipv4.h>

#include <algorithm>

#include "netfilter/nft_match.h"
#include "nft_layout.h"

namespace cni::portmap::nftables {
namespace {

const std::string guarded = "guarded_interfaces";
const std::string guard = "guard_localnet";

bool is_guarded(nft::Connection& nft, const nft::Table& table, const nft::Bytes& key) {
    const auto chain = nft.find_chain(table, guard);
    return chain && chain->uses > 0 && nft.find_element(table, guarded, key);
}

}  // namespace

void guard_localnet(nft::Connection& nft, const std::string& ifname, const std::string& hashes) {
    const nft::Table table = table_of(Family::v4);
    const nft::Bytes key = nft::interface_name(ifname);
    if (is_guarded(nft, table, key)) return;

    const auto chain = nft.find_chain(table, guard);
    nft::Batch batch;
    batch.add_table(table, std::string(table_comment));
    batch.add_set(table, {.name = guarded,
                          .key_type = nft::type_ifname,
                          .key_length = static_cast<std::uint32_t>(key.size())});
    if (!chain)
        batch.add_chain(table, guard, nft::Hook{"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW});
    if (!chain || chain->uses == 0)
        batch.add_rule(table, guard,
                       nft::rule(nft::address(nft::Side::destination, nft::Op::eq,
                                              *Prefix::parse("127.0.0.0/8")),
                                 nft::Meta{NFT_META_IIFNAME}, nft::Lookup{guarded}, nft::drop()));
    batch.add_element(table, guarded, {.key = key, .comment = hashes});
    nft.commit(std::move(batch));
}

bool is_guarded_for(nft::Connection& nft, const std::string& ifname, const std::string& hashes) {
    const auto found = nft.find_element(table_of(Family::v4), guarded, nft::interface_name(ifname));
    return found && found->comment == hashes;
}

void remove_guard(nft::Connection& nft, const std::string& ifname) {
    nft::Batch batch;
    batch.delete_element(table_of(Family::v4), guarded, nft::interface_name(ifname));
    nft.try_commit(std::move(batch));
}

std::vector<std::string> guarded_interfaces(nft::Connection& nft) {
    std::vector<std::string> names;
    for (const nft::Element& element : nft.elements(table_of(Family::v4), guarded))
        names.emplace_back(element.key.begin(), std::ranges::find(element.key, 0));
    return names;
}

}  // namespace cni::portmap::nftables
