#pragma once

#include "net/ip.h"
#include "netlink/link.h"

/// Kernel parameters that rtnetlink tells and sets. In /proc/sys each step of a path passes the
/// directories of that name of all network namespaces (proc_sys_compare() in
/// fs/proc/proc_sysctl.c): with thousands of containers that takes longer than all the rest.
namespace cni {

/// Whether the namespace forwards packets of this family ("all", RTM_GETNETCONF). False also where
/// the kernel does not say.
bool forwards(Rtnl& rtnl, Family family);

/// Brings a link up, and has announce() tell the neighbours its IPv4 addresses from then on: the
/// parameter arp_notify, in the same message (IFLA_INET_CONF).
NlRequest set_up_to_announce(const Link& link);

}  // namespace cni
