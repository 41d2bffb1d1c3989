#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "rules/backend.h"

/// Rules that may be in any of the backends: which one is chosen may change while an attachment
/// lives, and the reference plugins may have made them in another one.
namespace cni {

/// Those that one of the addresses is of.
std::vector<Family> families_of(const std::vector<Prefix>& addresses);

/// What is done with rules of one kind, in the words of either kind of backend.
struct RuleChange {
    ipt::TableName table;                               ///< the one that iptables has them in
    std::function<void(ipt::Table&)> in_iptables;       ///< for one family: see ipt::change
    std::function<void(nft::Connection&)> in_nftables;  ///< in tables of the plugins' own
};

/// Does it in one backend, with iptables for each of the families, whose table is made when it is
/// missing.
void change_in(nft::Connection& nft, Backend backend, const std::vector<Family>& families,
               const RuleChange& change);

/// Does it in every backend but `except`, with iptables in the tables that there are: one that is
/// missing costs one lookup. Every backend is tried before what went wrong in one is thrown.
void change_everywhere(nft::Connection& nft, const RuleChange& change,
                       const std::optional<Backend>& except = {});

/// The same for what is not put as a RuleChange.
void for_each_backend(const std::function<void(Backend)>& body,
                      const std::optional<Backend>& except = {});

/// The like of RuleChange for what changes nothing, and throws Error for what is missing.
struct RuleCheck {
    ipt::TableName table;
    std::vector<Family> families;
    std::function<void(ipt::Table&)> in_iptables;
    std::function<void(nft::Connection&)> in_nftables;
    /// The error that says of a family: "iptables (legacy) has no table nat".
    std::function<Error(Family, const std::string& what)> failure;
};

void check_in(nft::Connection& nft, Backend backend, const RuleCheck& check);

/// Runs `check` for the chosen backend and, when that throws Error, for the others: one that has it
/// all counts as well. Throws what the first one threw.
void check_anywhere(Backend chosen, const std::function<void(Backend)>& check);

}  // namespace cni
