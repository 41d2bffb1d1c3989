#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../passage.h"
#include "netfilter/nft.h"

/// What declared rules and gates take in the tables (admission_layout.h). What is put into a batch
/// holds if the ruleset is still the one that was looked at.
namespace cni::firewall::nftables {

/// Whose an element is, by its comment.
using IsOwners = std::function<bool(std::string_view comment)>;

/// Takes what the owner with these hashes has, and puts what `passage` asks for; its gate is closed
/// again.
void put_admission(nft::Connection& nft, nft::Batch& batch, const Passage& passage,
                   const IsOwners& is_owners);
/// Takes what they have whom `is_owners` knows, of an attachment with these hashes.
void put_admission_removal(nft::Connection& nft, nft::Batch& batch, const std::string& hashes,
                           const IsOwners& is_owners);

/// What is missing or differs; nullopt when all is there.
std::optional<std::string> admission_fault(nft::Connection& nft, const Passage& passage,
                                           const IsOwners& is_owners);

/// Of those who have something and whom `is_wanted` knows, what put_admission_removal takes.
std::vector<std::string> admitted_hashes(nft::Connection& nft, const IsOwners& is_wanted);

/// Why the kernel cannot do it; nullopt when it can. Changes nothing. What it lacks for containers
/// on bridges alone, which are not known yet, is said on stderr.
std::optional<std::string> admission_problem(nft::Connection& nft, const Admission& admission);

}  // namespace cni::firewall::nftables
