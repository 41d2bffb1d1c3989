#pragma once

#include <functional>
#include <string>
#include <vector>

#include "iptables/table.h"
#include "netfilter/owner.h"

/// Masquerading in iptables' table nat: a chain for each container and network, to which one rule
/// for each address jumps from POSTROUTING. Layout and comments are those of the reference plugins,
/// so either removes the other's rules. Addresses of another family than the table's are left out.
namespace cni::ipt {

/// "CNI-c2d892b58e87e28a12fe6479": the interface is no part of it.
std::string masquerade_chain(const std::string& network, const std::string& container_id);
/// name: "net1" id: "c1"
std::string masquerade_comment(const std::string& network, const std::string& container_id);

/// Adds what is missing.
void add_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes the jumps to the chain of the owner's container except those for addresses `in_use`
/// (by its other interfaces) and, when none is left, the chain. `in_use` is called only when the
/// chain exists.
void remove_masquerade(Table& table, const Owner& owner,
                       const std::function<std::vector<Prefix>()>& in_use);

/// Throws Error naming the first rule that is missing.
void check_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes the rules of the network's containers that have no owner among `valid`. The entries'
/// own network is not looked at.
void gc_masquerade(Table& table, const std::string& network, const std::vector<Owner>& valid);

}  // namespace cni::ipt
