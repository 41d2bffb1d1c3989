#pragma once

#include "container/container.h"

namespace cni::vrf {

/// Makes the interface a port of the VRF, or of none any more, with its addresses and all routes
/// that the kernel does not make itself: those of table main are those of the VRF's table then, and
/// those of other tables stay in theirs. Of a route that leads through other interfaces too, the
/// ways through this one go along, which an IPv4 route keeps nevertheless.
///
/// Both links as they are now. Returns when its IPv6 addresses can be used. Killed at any place,
/// doing it again, or the opposite, finds what was not put in its place yet (parking.h). Throws
/// NlError, Error.
void enter(Container& container, const Link& port, const Link& vrf);
void leave(Container& container, const Link& port, const Link& vrf);

}  // namespace cni::vrf
