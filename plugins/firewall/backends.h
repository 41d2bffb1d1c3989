#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firewalld/service.h"
#include "passage.h"
#include "rules/backend.h"

/// What attachments are let do, in whichever backend.
namespace cni::firewall {

/// Where passages are made: by rules in one of the backends, or by firewalld, and by rules what
/// that cannot do.
struct Place {
    Backend rules;
    std::optional<firewalld::Service> firewalld = {};
};

/// firewalld where it runs, unless the configuration wants something else. Throws
/// Error(try_again_later) when it wants firewalld, and that does not run.
Place choose_place(nft::Connection& nft, const std::optional<std::string>& configured);

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
