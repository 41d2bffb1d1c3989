#pragma once

#include <string>

#include "net/ip.h"
#include "netlink/link.h"

/// Forwarding on the host, and the router advertisements that it changes the meaning of. All of it
/// is for the calling thread's namespace, in which `host` is a socket.
namespace cni {

/// Lets the host forward packets of this family; nothing is written when it does so already. With
/// IPv6 the kernel would take the host for a router, drop what routes it has from router
/// advertisements, and listen to no more of them: the interfaces that the host has these from, and
/// those that lead out of it, are told to listen all the same (accept_ra 2 where it is 1) before.
/// Throws Error naming key and reason.
void enable_forwarding(Rtnl& host, Family family);

/// Whether it does so now, and the parameter that says it: "net/ipv4/ip_forward".
bool is_forwarding(Family family);
std::string forwarding_key(Family family);

/// Throws Error(internal) when the host does not forward packets of this family.
void check_forwarding(Family family);

/// The host must not learn routes from what a container sends (CVE-2020-10749): for a link that a
/// plugin made, before it is up. Hosts without IPv6 have nothing to refuse.
void refuse_router_advertisements(const std::string& ifname);

/// The same for a link that others may have made, unless the host has routes or addresses from
/// advertisements on it: it would lose them.
void refuse_router_advertisements_unless_used(Rtnl& host, const Link& link);

/// What refuse_router_advertisements() and refuse_router_advertisements_unless_used() did, for
/// CHECK. Throws Error(internal) when the host learns routes from what arrives on the link.
void check_router_advertisements(const Link& link);
void check_router_advertisements_unless_used(Rtnl& host, const Link& link);

}  // namespace cni
