#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iptables/table.h"
#include "netfilter/owner.h"

/// Masquerading in iptables' table nat: a chain for each attachment, to which one rule for each
/// address jumps from POSTROUTING. Layout and comments are those of the reference plugins, so
/// either removes the other's rules. The chain bears the reference plugins' name, which is made
/// from network and container; an attachment that finds it taken by another one has a name of its
/// own. The rules in a chain are sealed (see extensions.h) with the owner's digest: that tells
/// whose the chain is. Those without a seal are the reference plugins', or an earlier version's,
/// for all interfaces of a container, whose addresses tell them apart. Addresses of another family
/// than the table's are left out.
namespace cni::ipt {

/// "CNI-c2d892b58e87e28a12fe6479": the interface is no part of it.
std::string masquerade_chain(const std::string& network, const std::string& container_id);
/// name: "net1" id: "c1"
std::string masquerade_comment(const std::string& network, const std::string& container_id);

/// Replaces what the owner has. Throws Error when both names are taken.
void add_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses);

/// The owner's addresses; nullopt when they are not known.
using Addresses = std::optional<std::vector<Prefix>>;

/// Removes the owner's rules, and nobody else's. Of a chain without a seal those for its addresses;
/// when these are not known, all of its container, unless the owner has a chain of its own.
void remove_masquerade(Table& table, const Owner& owner, const Addresses& addresses);

/// Throws Error naming the first rule that is missing.
void check_masquerade(Table& table, const Owner& owner, const std::vector<Prefix>& addresses);

/// Removes the rules of the network's containers that have no owner among `valid`. The entries'
/// own network is not looked at.
void gc_masquerade(Table& table, const std::string& network, const std::vector<Owner>& valid);

}  // namespace cni::ipt
