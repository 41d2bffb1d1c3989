#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netfilter/nft_layout.h"

namespace cni::firewall::nftables {

/// A table with what attachments share in it. The chains that others jump to come first.
struct Skeleton {
    nft::Table table;
    std::vector<nft::Set> sets;
    std::vector<nft::ChainLayout> chains;
};

/// What of it is missing or differs ("chain forward of nftables table inet cni_firewall").
std::optional<std::string> fault_of(nft::Connection& nft, const Skeleton& skeleton);
/// Makes or repairs it.
void put(nft::Connection& nft, nft::Batch& batch, const Skeleton& skeleton);

/// A map of verdicts with the keys of `map`.
nft::Set verdict_map(nft::Set map);
/// A set of names of interfaces.
nft::Set name_set(const std::string& name);
/// What attachments have: names of interfaces, or what else has 16 bytes.
nft::Set name_map(const std::string& name);

}  // namespace cni::firewall::nftables
