#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netfilter/nft.h"

namespace cni::nft {

/// A chain that the kernel calls, of whichever table: its hook is there.
struct BaseChain {
    std::uint8_t family;  // NFPROTO_*
    std::string table;
    ListedChain chain;
};

/// Of all tables of all families. Others may change them meanwhile.
std::vector<BaseChain> base_chains(Connection& nft);

}  // namespace cni::nft
