#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iptables/masquerade.h"
#include "rules/backend.h"

/// "ipMasq" of interface plugins: what an attachment sends beyond its own subnets, and not to
/// multicast, leaves the host with an address of the host. Rules are those of the reference
/// plugins, in each of the backends.
namespace cni {

/// For all the addresses, in the backend that choose_backend has for `configured`. What the owner
/// has of them already is not doubled. Throws SysError, Error.
void add_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                      const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes the owner's rules from every backend; that nothing is there is no error, and costs one
/// query for each place. `addresses` are the owner's, as far as they are known: rules of iptables
/// that the reference plugins made name container and network, not the interface, and are told
/// apart by them. Every backend is tried before what went wrong in one is thrown.
void remove_masquerading(nft::Connection& nft, const Owner& owner, const ipt::Addresses& addresses);

/// Throws Error naming what add_masquerading's backend lacks, unless another backend has it all:
/// which one is chosen may change while an attachment lives.
void check_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                        const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes the rules of `network` whose owner is not one of `valid`, from every backend. The
/// entries' own network is not looked at.
void gc_masquerading(nft::Connection& nft, const std::string& network,
                     const std::vector<Owner>& valid);

/// Why the backend cannot masquerade; nullopt when it can. Changes nothing.
std::optional<std::string> masquerading_problem(nft::Connection& nft, Backend backend);

}  // namespace cni
