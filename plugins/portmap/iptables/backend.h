#pragma once

#include <string>
#include <vector>

#include "../forwarding.h"
#include "base/error.h"
#include "iptables/table.h"

/// Port mappings as rules of the iptables program, the same as the reference plugin's.
namespace cni::portmap::iptables {

/// One commit; replaces what an earlier ADD of the same owner left, and takes over mappings that
/// another container has. Nothing happens when no mapping applies to the table's family. Returns
/// the mappings that packets for those of `forwarding` come to first: of the container's other
/// attachments, or for one address where ours is for any.
Translations add(ipt::Table& table, const Forwarding& forwarding);

/// Removes what other containers have of the same addresses, protocols and ports.
void displace(ipt::Table& table, const Forwarding& forwarding);

/// Throws Error naming the first chain or rule that is missing or differs.
void check(ipt::Table& table, const Forwarding& forwarding);
/// "could not check ipv4 dnat: <what>"
Error check_failure(Family family, std::string_view what);

/// Removes what the owner has, ours and the reference plugin's, by the comments of the jumps to the
/// chains that have its names. The reference plugin has one chain for all interfaces of a
/// container: for another one than eth0 it is removed only if it leads to none but `addresses`.
/// Returns what was removed.
Translations remove(ipt::Table& table, const Owner& owner, const std::vector<Ip>& addresses);

/// Removes what belongs to `network` and to none of `valid`.
Translations gc(ipt::Table& table, const std::string& network, const std::vector<Owner>& valid);

}  // namespace cni::portmap::iptables
