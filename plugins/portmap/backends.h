#pragma once

#include <vector>

#include "forwarding.h"
#include "rules/backend.h"

/// Port mappings in whichever backend.
namespace cni::portmap {

/// Adds them in `backend`. What the owner has in another one is removed, and so is what other
/// containers have of the same ports in any. Returns the mappings that packets come to before those
/// of `forwardings`: see the backends. Throws SysError, Error.
Translations add_mappings(nft::Connection& nft, Backend backend,
                          const std::vector<Forwarding>& forwardings);

/// Throws Error naming what is missing, unless another backend has all of it: which one is chosen
/// may change while an attachment lives.
void check_mappings(nft::Connection& nft, Backend backend,
                    const std::vector<Forwarding>& forwardings);

/// Removes what the owner has from every backend, and forgets the flows that lead there. Every
/// backend is tried before what went wrong in one is thrown. `addresses` are those of the
/// attachment, as far as they are known.
void remove_mappings(nft::Connection& nft, const Owner& owner, const std::vector<Ip>& addresses);

/// Removes what belongs to `network` and to none of `valid`.
void gc_mappings(nft::Connection& nft, const std::string& network, const std::vector<Owner>& valid);

/// Why the backend cannot map ports; nullopt when it can.
std::optional<std::string> mapping_problem(nft::Connection& nft, Backend backend);

}  // namespace cni::portmap
