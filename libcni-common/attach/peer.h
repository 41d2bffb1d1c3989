#pragma once

#include <optional>
#include <string>

#include "cni/plugin.h"
#include "container/container.h"
#include "netlink/link.h"

namespace cni {

/// The host's end of the pair whose other end is `interface` in the container. The pair is proved
/// from both ends, by index and namespace, as the kernel says them: neither is anything that a
/// container could bring about. nullopt when it is no veth, or one of another namespace.
std::optional<Link> find_peer(Rtnl& host, const Container& container, const Link& interface);
/// The same of CNI_IFNAME; nullopt also when there is no such interface.
std::optional<Link> find_peer(Rtnl& host, Container& container);

/// The host's end of the attachment's pair by what the host knows: the links that `prev_result`
/// says were made there, or those of attach/host_link.h, proved as that says. For DEL: it does not
/// look into a namespace that may be another container's by now.
std::optional<Link> find_known_host_end(Rtnl& host, const Request& request,
                                        const std::optional<Result>& prev_result);
/// The same; an attachment of which the host knows nothing is looked for from inside (find_peer),
/// where it could have renamed its interfaces. nullopt when it has no pair.
std::optional<Link> find_host_end(Rtnl& host, const Request& request,
                                  const std::optional<Result>& prev_result);

/// Through which interface of the host packets to the attachment's address go.
struct HostSide {
    Link link;
    bool is_own;  ///< the end of its own pair; else it shares the interface with others
};
/// nullopt when they do not go to the attachment's pair or to the bridge that this is a port of
/// (its VLANs included): when the host has no address on a bridge, what routes say is an uplink.
std::optional<HostSide> find_host_side(Rtnl& host, const Request& request,
                                       const std::optional<Result>& prev_result, const Ip& address);

}  // namespace cni
