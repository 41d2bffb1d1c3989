#include "netfilter/nft_hooked.h"

#include "netfilter/nft_wire.h"

namespace cni::nft {

std::vector<BaseChain> base_chains(Connection& nft) {
    std::vector<BaseChain> out;
    if (!nft.generation()) return out;
    const auto visit = [&](const nlmsghdr* answer) {
        const auto attributes = attributes_of<NFTA_CHAIN_MAX>(answer);
        if (!attributes[NFTA_CHAIN_HOOK]) return;
        const auto* header = static_cast<const nfgenmsg*>(nlmsg_data(answer));
        out.push_back({header->nfgen_family, std::string(attributes.string(NFTA_CHAIN_TABLE)),
                       parse_chain(answer)});
    };
    const auto make = [] { return table_message(NFT_MSG_GETCHAIN, 0, {NFPROTO_UNSPEC, {}}); };
    nft.find_socket()->dump(make, "list the chains of nftables", visit, [&] { out.clear(); });
    return out;
}

}  // namespace cni::nft
