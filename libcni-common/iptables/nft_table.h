#pragma once

#include "iptables/table.h"

/// The nf_tables flavour of what table.h promises.
namespace cni::ipt {

void change_nf_tables(nft::Connection& nft, TableId id, const std::function<void(Table&)>& body);
bool nf_tables_has_table(nft::Connection& nft, TableId id);
std::optional<std::string> nf_tables_problem(nft::Connection& nft, TableId id);

}  // namespace cni::ipt
