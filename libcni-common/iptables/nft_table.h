#pragma once

#include "iptables/table.h"

/// The nf_tables flavour of what table.h promises.
namespace cni::ipt {

void change_nf_tables(nft::Connection& nft, Family family, const std::function<void(Table&)>& body);
bool nf_tables_has_nat_table(nft::Connection& nft, Family family);
std::optional<std::string> nf_tables_problem(nft::Connection& nft, Family family);

}  // namespace cni::ipt
