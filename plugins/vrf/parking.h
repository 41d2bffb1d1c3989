#pragma once

#include <vector>

#include "net/route.h"
#include "netlink/link.h"

/// Where routes of an interface are while it changes its routing domain: the kernel drops them all
/// then. A process that is killed meanwhile leaves them there for the next one.
///
/// They are routes through the VRF device, in tables of numbers that nobody has a rule for, which
/// say the interface and the table a route is of. What the kernel takes of no other device than the
/// interface is not kept so: routes by nexthop objects, and IPv6 ones with a source address.
namespace cni::vrf {

/// Those of an interface. `table` of each is where it was, or main for the VRF's.
std::vector<Route> parked_routes(Rtnl& rtnl, const Link& vrf, const Link& port);
void park(Rtnl& rtnl, const Link& vrf, const Link& port, const std::vector<Route>& routes);
/// Removes what is parked of the interface.
void clear_parking(Rtnl& rtnl, const Link& vrf, const Link& port);

}  // namespace cni::vrf
