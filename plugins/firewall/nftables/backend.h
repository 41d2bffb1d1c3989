#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../passage.h"
#include "netfilter/nft.h"

/// Tables of our own (layout.h). They drop what the policies forbid, and nothing else: what other
/// tables drop, no table can let through.
namespace cni::firewall::nftables {

/// Replaces what the owner has. Throws Error(invalid_config) when an isolated container's port is
/// not known.
void add(nft::Connection& nft, const Passage& passage);
/// Throws Error naming what is missing or differs.
void check(nft::Connection& nft, const Passage& passage);
void remove(nft::Connection& nft, const Owner& owner);
/// What is the network's, and none of `valid`'s.
void gc(nft::Connection& nft, const std::string& network, const std::vector<Owner>& valid);

/// Why the kernel cannot do it; nullopt when it can. Changes nothing.
std::optional<std::string> problem(nft::Connection& nft, const std::string& admin_chain,
                                   Policy policy, const Admission& admission);

}  // namespace cni::firewall::nftables
