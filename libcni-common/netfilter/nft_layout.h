#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netfilter/nft.h"

namespace cni::nft {

/// A chain of a table of our own as it is to be.
struct ChainLayout {
    std::string name;
    std::optional<Hook> hook;
    std::vector<Rule> rules;
};

/// Whether it is there, where it should be, with its rules in their order; others may stand between
/// them.
bool is_in_place(Connection& nft, const Table& table, const ChainLayout& wanted);

/// Makes it, or makes it anew, unless it is in place.
void put_repair(Connection& nft, Batch& batch, const Table& table, const ChainLayout& wanted);
/// Makes it; there must be no chain of the name.
void put_new(Batch& batch, const Table& table, const ChainLayout& wanted);

}  // namespace cni::nft
