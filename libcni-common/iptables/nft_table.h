#pragma once

#include "iptables/table.h"

/// The nf_tables flavour of what table.h promises.
namespace cni::ipt {

void change_nf_tables(nft::Connection& nft, Family family, const std::function<void(Table&)>& body,
                      TableName name = TableName::nat);
bool nf_tables_has_table(nft::Connection& nft, Family family, TableName name);
std::optional<std::string> nf_tables_problem(nft::Connection& nft, Family family);

}  // namespace cni::ipt
