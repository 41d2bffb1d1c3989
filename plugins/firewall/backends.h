#pragma once

#include <optional>
#include <string>
#include <vector>

#include "passage.h"
#include "place.h"

/// What attachments are let do, in whichever backend.
namespace cni::firewall {

/// Lets an attachment through in `place`; what it has in another one is removed. Throws SysError,
/// Error.
void add_passage(nft::Connection& nft, Place& place, const Passage& passage);

/// Throws Error naming what is missing, unless another backend has all of it: which one is chosen
/// may change while an attachment lives.
void check_passage(nft::Connection& nft, Place& place, const Passage& passage);

/// Removes what the owner has from every backend, and what the reference plugin made for what
/// `trace` tells, unless somebody else is known to have it by now. Every backend is tried before
/// what went wrong in one is thrown.
void remove_passage(nft::Connection& nft, const Owner& owner, const Trace& trace);

/// Removes what belongs to `network` and to none of `valid`.
void gc_passages(nft::Connection& nft, const std::string& network, const std::vector<Owner>& valid);

/// Why the backend of rules cannot do it; nullopt when it can.
std::optional<std::string> passage_problem(nft::Connection& nft, Backend backend,
                                           const std::string& admin_chain, Policy policy,
                                           const Admission& admission);

}  // namespace cni::firewall
