#pragma once

#include <optional>
#include <string_view>

#include "netfilter/nft.h"

namespace cni::ipt {

/// Where iptables-nft hooks a chain of a table that it made itself ("nat", "POSTROUTING"); nullopt
/// for chains of users and for tables other than those of TableName.
std::optional<nft::Hook> base_chain_hook(std::string_view table, std::string_view chain);

/// One that every such table can have; "" for other tables.
std::string_view first_base_chain(std::string_view table);

/// Whether nf_tables holds that table with a base chain as iptables-nft makes them. A table of the
/// same name that somebody else made is none of iptables'.
bool is_iptables_table(nft::Connection& nft, const nft::Table& table);

}  // namespace cni::ipt
