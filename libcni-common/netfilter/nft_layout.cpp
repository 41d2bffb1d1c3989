#include "netfilter/nft_layout.h"

namespace cni::nft {
namespace {

bool is_at_its_place(const ListedChain& chain, const ChainLayout& wanted) {
    return chain.hook.has_value() == wanted.hook.has_value() &&
           (!wanted.hook || chain.hook->is_same_place(*wanted.hook));
}

}  // namespace

bool is_in_place(Connection& nft, const Table& table, const ChainLayout& wanted) {
    const auto chain = nft.find_chain(table, wanted.name);
    return chain && is_at_its_place(*chain, wanted) &&
           contains_in_order(nft.rules(table, wanted.name), wanted.rules);
}

void put_new(Batch& batch, const Table& table, const ChainLayout& wanted) {
    batch.add_chain(table, wanted.name, wanted.hook);
    for (const Rule& rule : wanted.rules) batch.add_rule(table, wanted.name, rule);
}

void put_repair(Connection& nft, Batch& batch, const Table& table, const ChainLayout& wanted) {
    if (is_in_place(nft, table, wanted)) return;
    const auto present = nft.find_chain(table, wanted.name);
    if (!present || !is_at_its_place(*present, wanted))
        batch.add_chain(table, wanted.name, wanted.hook);
    else
        batch.flush_chain(table, wanted.name);
    for (const Rule& rule : wanted.rules) batch.add_rule(table, wanted.name, rule);
}

}  // namespace cni::nft
