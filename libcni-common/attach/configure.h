#pragma once

#include <functional>
#include <vector>

#include "cni/result.h"
#include "container/container.h"
#include "netlink/address.h"
#include "netlink/link.h"
#include "netlink/route.h"

namespace cni {

/// Whether the result has an address of the family.
bool has_family(const Result& result, Family family);

/// Whether duplicates of the IPv6 addresses of an interface are looked for, of its link-local one
/// too. To be called before it is up, in its namespace.
void set_dad(const std::string& ifname, Dad dad);

/// Lets an interface have IPv6 addresses. To be called in its namespace. Throws Error(internal)
/// with the reason when there can be none.
void allow_ipv6(const Link& link);

/// Lets a container's interface have the IPv6 addresses of a result, if there are any, and keep
/// them while it is down. To be called before it is up, inside the namespace. Throws Error naming
/// the address when there can be none, or the parameter that cannot be set.
void prepare_for_ipv6(const Link& link, const Result& result);

/// A route of the result. Without a gateway it uses the first gateway of its family, unless its
/// scope is narrower than universe. The gateway 0.0.0.0 is none, and says that the destination is
/// on the link: results before 1.1.0 have no scope to say so.
Route completed_route(const Route& route, const Result& result);

/// Brings a link up, and gives it the addresses of a result with what `add` makes: those of IPv4
/// before, those of IPv6 behind it, unless it is announced by coming up.
void put_up_with_addresses(std::vector<NlRequest>& requests, const Link& link, const Result& result,
                           const std::function<NlRequest(const Prefix&)>& add);

/// Sets the kernel parameters of a container's interface that no address is needed for. To be
/// called before it is up.
void prepare_interface(const Container& container, const Link& link, Dad dad);

/// Gives an interface of a container what IPAM decided, in this order: the kernel parameters that
/// IPv6 takes, the link up with its addresses, the routes in the order of the result (as
/// completed_route() has them). prepare_interface() comes before it.
void configure_interface(Container& container, const Link& link, const Result& result, Dad dad);

/// Waits until the kernel takes packets for the IPv6 addresses of a result, which it has work to do
/// for after it has accepted them, and answers neighbours that look for them: a lost question is
/// asked again after a second. Goes on after 5 seconds.
void await_addresses(Container& container, const Result& result);

/// With detection on: waits until no IPv6 address of the link is tentative, 5 seconds at most.
/// Throws Error(internal) naming the address when another host has it or time is over.
void settle_addresses(Container& container, const Link& link);

}  // namespace cni
