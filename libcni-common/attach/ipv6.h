#pragma once

#include <vector>

#include "net/ip.h"
#include "netlink/link.h"

/// IPv6 where it cannot be had, said in words. All of it is for the calling thread's namespace.
namespace cni {

/// Throws Error(internal) when the kernel has no IPv6 (ipv6.disable=1, or no module).
void require_ipv6_in_kernel();

/// Throws Error(internal) naming the address and the reason when the kernel lets the link have no
/// IPv6 address: it has no IPv6, the link's MTU is too small, or IPv6 is disabled on the link.
void require_ipv6(const Link& link, const Prefix& address);

/// The same of any address.
void require_ipv6(const Link& link);

/// Requests of which some give `link` these addresses. That the kernel refuses for want of IPv6 is
/// said as require_ipv6() says it. Throws NlError, Error.
void give_addresses(Rtnl& rtnl, const Link& link, const std::vector<Prefix>& addresses,
                    std::vector<NlRequest> requests);

}  // namespace cni
