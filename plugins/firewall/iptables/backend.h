#pragma once

#include <string>
#include <vector>

#include "../passage.h"
#include "iptables/table.h"

/// Table filter of iptables: the reference plugin's chains and rules, and beside them a chain of
/// records (records.h) that says whose each address is. Addresses of another family than the
/// table's are left out.
namespace cni::firewall::iptables {

/// What the owner has already is not doubled; what he has besides is removed.
void add(ipt::Table& table, const Passage& passage);

/// Throws Error naming the first rule that is missing, in the reference plugin's words.
void check(ipt::Table& table, const Passage& passage);

/// What is recorded as the owner's; of what `trace` tells what is recorded as nobody's, as the
/// reference plugin made it. What keeps a bridge apart goes with its last record, unless there are
/// rules that nobody recorded: their containers may be on it, if it has ports besides.
void remove(ipt::Table& table, const Owner& owner, const Trace& trace);

/// What is recorded as the network's, and as none of `valid`'s; what keeps apart a bridge that
/// nobody is recorded for, once it has no ports.
void gc(ipt::Table& table, const std::string& network, const std::vector<Owner>& valid);

}  // namespace cni::firewall::iptables
