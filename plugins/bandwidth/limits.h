#pragma once

#include <optional>

#include "attach/departure.h"
#include "cni/plugin.h"
#include "config.h"

/// What limits an attachment. All of it is on the host, where the container cannot change it, on
/// the host's end of its pair:
///
/// - a token bucket for what leaves that end, which is what the container receives;
/// - a filter that sends what comes in there to an IFB (detour.h), and a token bucket on that.
namespace cni::bandwidth {

/// Makes it where there is none. The IFB, when what the container sends is limited.
std::optional<Link> add_limits(Rtnl& host, const Request& request, const Config& config,
                               const Link& end);

/// Throws Error(internal) naming what is not as add_limits() makes it, or the reference plugin.
void check_limits(Rtnl& host, const Request& request, const Config& config, const Link& end);

/// Whatever there is of it, whole or in part, of the reference plugin's making too. Filters and
/// qdiscs of others stay. Without the end only the IFB may be left.
void remove_limits(Departure& departure, const Request& request, const std::optional<Link>& end);

}  // namespace cni::bandwidth
