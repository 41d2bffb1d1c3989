#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cni/parent_choice.h"
#include "cni/result.h"
#include "container/container.h"
#include "netlink/link.h"

/// The interface that a container's macvlan, ipvlan or VLAN interface is on: the "master" of
/// configurations.
namespace cni {

/// The parent by its name or, without one, what the first default route of table main leads
/// through, IPv4 first; `place` is a socket in the namespace that `choice` says. Throws
/// Error(internal) naming it when there is none.
Link get_parent(const ParentChoice& choice, Rtnl& place);

/// A parent that was found, and a socket in its namespace: requests that make a link on it are sent
/// there. Neither copied nor moved, as the socket is not.
class Parent {
public:
    /// Throws what get_parent() does.
    Parent(const ParentChoice& choice, Rtnl& host, Container& container);

    Rtnl& rtnl;
    const Link link;
};

/// For a plugin that may be chained: the one interface with a name that `prev_result` tells. Throws
/// Error(invalid_config) when it tells none or several.
std::string chained_parent(const Result& prev_result);

/// Says on stderr, when the parent is down, that what is made on it carries nothing until it is up.
void warn_if_down(const Link& parent);

/// Throws Error(internal) naming a parent that is down.
void require_up(const Link& parent, Code code = Code::internal);

/// CHECK: throws Error(internal) naming what the container's interface is on, unless that is the
/// parent that Parent finds; what Parent throws.
void check_parent(const Link& interface, const ParentChoice& choice, Rtnl& host,
                  Container& container);

/// STATUS: looks on the host for the parent; one in a container nobody knows yet. Throws
/// Error(plugin_not_available) naming it when it is not there, or down, and what
/// require_mtu_within() does.
void require_parent(const ParentChoice& choice, std::uint32_t mtu);

/// Throws Error(invalid_config) for an MTU, in bytes, that is larger than the parent's.
void require_mtu_within(const Link& parent, std::uint32_t mtu);

}  // namespace cni
