#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/mac.h"
#include "netfilter/nft.h"
#include "netfilter/owner.h"

/// MAC spoof checking in table bridge nat: what enters the bridge from the host end of an
/// attachment is dropped unless its source is the container's MAC. Layout, names and comments are
/// those of the reference plugins, so either removes the other's rules.
namespace cni {

/// How rules and chains name an attachment: "<container id>-<ifname>", or its SHA-512 in hex when
/// names made from it would be too long for the kernel (container ids beyond about 220 bytes).
std::string spoof_reference(std::string_view container_id, std::string_view ifname);

/// One that no other attachment has: "c1-b-eth0" is that of two. For the second of them; neither
/// the reference plugins' DEL nor their ADD know it.
std::string own_spoof_reference(const Owner& owner);

inline constexpr nft::Table spoof_check_table{NFPROTO_BRIDGE, "nat"};

/// What the rules of a reference are in: a chain of table bridge nat, and one that it jumps to.
std::string spoof_chain(std::string_view reference);
std::string spoof_mac_chain(std::string_view reference);

/// The bridge ports that the check of a reference is for: whose it is. nullopt when there is none;
/// empty when nothing leads to its chains.
std::optional<std::vector<std::string>> spoof_check_ports(nft::Connection& nft,
                                                          const std::string& reference);

/// In one batch. False, and nothing is done, when there is a check of the reference, or a part of
/// one. Throws NlError.
bool create_spoof_check(nft::Connection& nft, const std::string& reference,
                        const std::string& host_ifname, const Mac& mac);

/// In one batch; what an earlier ADD with the same reference left is replaced. `host_ifname` is
/// the bridge port. Throws NlError.
void add_spoof_check(nft::Connection& nft, const std::string& reference,
                     const std::string& host_ifname, const Mac& mac);

/// Removes the jump and both chains of the attachment. False when there was nothing.
bool remove_spoof_check(nft::Connection& nft, const std::string& reference);

/// Throws Error naming the first rule that is missing or differs.
void check_spoof_check(nft::Connection& nft, const std::string& reference,
                       const std::string& host_ifname, const Mac& mac);

struct SpoofCheck {
    std::string reference;
    std::string host_ifname;  // empty when the rule is not one of ours
};
/// Every attachment of every network that has a jump: GC decides which to remove.
std::vector<SpoofCheck> list_spoof_checks(nft::Connection& nft);

/// Why the kernel cannot check MACs; nullopt when it can. Changes nothing.
std::optional<std::string> spoof_check_problem(nft::Connection& nft);

}  // namespace cni
