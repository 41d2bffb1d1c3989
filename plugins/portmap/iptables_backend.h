#pragma once

#include <string>
#include <vector>

#include "forwarding.h"
#include "iptables/table.h"

/// Port mappings as rules of the iptables program, the same as the reference plugin's.
namespace cni::portmap::iptables {

/// One commit; replaces what an earlier ADD of the same owner left, and takes over mappings that
/// somebody else has.
void add(ipt::Table& table, const Forwarding& forwarding);

/// Throws Error naming the first chain or rule that is missing or differs.
void check(ipt::Table& table, const Forwarding& forwarding);

/// Removes what the owner has, ours and the reference plugin's. Returns what was removed.
std::vector<Forwarded> remove(ipt::Table& table, const Owner& owner);

/// Removes what belongs to `network` and to none of `valid`.
std::vector<Forwarded> gc(ipt::Table& table, const std::string& network,
                          const std::vector<Owner>& valid);

}  // namespace cni::portmap::iptables
