#pragma once

#include <linux/netfilter/nfnetlink.h>

#include "netfilter/nft.h"

/// What batches and queries of nf_tables have in common on the wire.
namespace cni::nft {

/// A message with nfnetlink's header; `type` is NFT_MSG_*.
inline NlMessage table_message(int type, int flags, const Table& table) {
    NlMessage message(NFNL_SUBSYS_NFTABLES << 8 | type, flags);
    message.header(nfgenmsg{.nfgen_family = table.family, .version = NFNETLINK_V0, .res_id = 0});
    return message;
}

/// Elements of a set around what `body` puts (NFTA_LIST_ELEM).
template <typename F>
void put_elements(NlMessage& message, const Table& table, const std::string& set, F&& body) {
    message.put_string(NFTA_SET_ELEM_LIST_TABLE, table.name);
    message.put_string(NFTA_SET_ELEM_LIST_SET, set);
    message.nest(NFTA_SET_ELEM_LIST_ELEMENTS, body);
}

/// One element that is only named.
inline void put_key(NlMessage& message, const Bytes& key) {
    message.nest(NFTA_LIST_ELEM, [&] { put_data(message, NFTA_SET_ELEM_KEY, key); });
}

}  // namespace cni::nft
