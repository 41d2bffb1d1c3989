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

/// Has the kernel tell the neighbours the IPv4 addresses of a link: the parameter arp_notify
/// (IFLA_INET_CONF). Before the link comes up: those that have a carrier at once, as VLANs and
/// ipvlans, are announced then.
NlRequest set_arp_notify(const Link& link);

}  // namespace cni
