#pragma once

#include <arpa/inet.h>
#include <endian.h>
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

/// Attributes are aligned to 4 bytes only; libnl copies.
inline std::uint64_t handle_of(const nlattr* big) {
    return big ? be64toh(nla_get_u64(big)) : 0;
}

template <int max>
NlAttributes<max> attributes_of(const nlmsghdr* message) {
    return {message, sizeof(nfgenmsg)};
}

inline ListedChain parse_chain(const nlmsghdr* message) {
    const auto chain = attributes_of<NFTA_CHAIN_MAX>(message);
    ListedChain out{std::string(chain.string(NFTA_CHAIN_NAME)),
                    handle_of(chain[NFTA_CHAIN_HANDLE]),
                    ntohl(chain.get_or<std::uint32_t>(NFTA_CHAIN_USE, 0)),
                    {}};
    if (!chain[NFTA_CHAIN_HOOK]) return out;
    const NlAttributes<NFTA_HOOK_MAX> hook(chain[NFTA_CHAIN_HOOK]);
    out.hook = Hook{
        .type = std::string(chain.string(NFTA_CHAIN_TYPE)),
        .number = ntohl(hook.get_or<std::uint32_t>(NFTA_HOOK_HOOKNUM, 0)),
        .priority =
            static_cast<std::int32_t>(ntohl(hook.get_or<std::uint32_t>(NFTA_HOOK_PRIORITY, 0))),
        .policy = ntohl(chain.get_or<std::uint32_t>(NFTA_CHAIN_POLICY, htonl(NF_ACCEPT)))};
    return out;
}

}  // namespace cni::nft
