#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cni/json.h"
#include "cni/result.h"
#include "iptables/backend.h"
#include "netfilter/owner.h"

/// "ipMasq" of interface plugins: what an attachment sends beyond its own subnets, and not to
/// multicast, leaves the host with an address of the host. Rules are those of the reference
/// plugins, in each of the backends.
namespace cni {

/// "ipMasqBackend", for choose_backend: "iptables", "nftables", or nullopt when it is absent or "".
/// Throws Error(invalid_config).
std::optional<std::string> masquerade_backend(const Json& config);

/// For the addresses of the result, in the backend that choose_backend has for `configured`. What
/// the owner has of them already is not doubled. Throws SysError, Error.
void add_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                      const Owner& owner, const Result& result);

/// Removes the owner's rules from every backend; that nothing is there is no error, and costs one
/// query for each place. `result` is the prevResult, if there is one: rules of iptables that the
/// reference plugins made name container and network, not the interface, and are told apart by
/// their addresses. The container is not asked. Every backend is tried before what went wrong in
/// one is thrown.
void remove_masquerading(nft::Connection& nft, const Owner& owner,
                         const std::optional<Result>& result);

/// Throws Error naming what add_masquerading's backend lacks, unless another backend has it all:
/// which one is chosen may change while an attachment lives.
void check_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                        const Owner& owner, const Result& result);

/// Removes the rules of `network` whose owner is not one of `valid`, from every backend. The
/// entries' own network is not looked at.
void gc_masquerading(nft::Connection& nft, const std::string& network,
                     const std::vector<Owner>& valid);

/// Why the backend cannot masquerade; nullopt when it can. Changes nothing.
std::optional<std::string> masquerading_problem(nft::Connection& nft, Backend backend);

}  // namespace cni
