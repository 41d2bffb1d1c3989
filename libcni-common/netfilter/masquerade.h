#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/ip.h"
#include "netfilter/nft.h"
#include "netfilter/owner.h"

/// Masquerading in table inet cni_plugins_masquerade: one rule per address in chain masq_checks.
/// Layout and comments (see owner_comment) are those of the reference plugins, so either removes
/// the other's rules. Beside them is a set of ours, of those who have rules; it goes with the last.
namespace cni {

inline constexpr nft::Table masquerade_table{NFPROTO_INET, "cni_plugins_masquerade"};
inline constexpr const char* masquerade_checks = "masq_checks";

/// Masquerades what the addresses send to destinations outside their own subnet that are not
/// multicast. In one batch: whatever of the table is missing or broken is made or repaired, rules
/// of the same owner left by an earlier ADD are replaced. Throws NlError.
void add_masquerade(nft::Connection& nft, const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes all rules of the owner, whatever their addresses. False when there were none.
bool remove_masquerade(nft::Connection& nft, const Owner& owner);

/// Throws Error naming the first rule that is missing or differs.
void check_masquerade(nft::Connection& nft, const Owner& owner,
                      const std::vector<Prefix>& addresses);

/// Removes the rules of `network` whose owner is not one of `valid`; returns how many.
/// The entries' own network is not looked at.
std::size_t gc_masquerade(nft::Connection& nft, const std::string& network,
                          const std::vector<Owner>& valid);

/// Why the kernel cannot masquerade through nf_tables; nullopt when it can. Changes nothing.
std::optional<std::string> masquerade_problem(nft::Connection& nft);

}  // namespace cni
