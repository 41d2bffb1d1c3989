#pragma once

#include "cni/delegate.h"
#include "cni/plugin.h"
#include "netlink/link.h"
#include "sys/netns.h"

namespace cni {

/// Throws Error(internal) when the container has an interface CNI_IFNAME already.
void require_new_interface(Rtnl& container, const Args& args);

/// The pair of an attachment, both ends down.
struct VethPair {
    Link host, container;
};
struct VethPairOptions {
    Mac container_mac;
    int master = 0;         ///< index of the bridge the host end becomes a port of; 0: none
    std::uint32_t mtu = 0;  ///< bytes, both ends; 0: the kernel's choice
};
/// Makes the pair in place, its host end named after the attachment (attach/host_link.h). Throws
/// NlError(EEXIST) when the container has an interface of that name.
VethPair make_veth_pair(Rtnl& host, const Netns& netns, const Request& request,
                        const VethPairOptions& options);

/// The way back of an ADD's allocation, once its own pair is gone: releases the addresses, even
/// when the IPAM plugin reported an error (spec section 4). But one that refused while an earlier
/// ADD's pair is there did so for the sake of that, and it keeps its addresses.
void release_addresses(Rtnl& host, const Request& request, Ipam::Allocation& allocation);

/// Deletes the pair at whichever end it can be found, on DEL: as CNI_IFNAME in CNI_NETNS or, when
/// the namespace or the link in it is gone, under the names its host end may have. What was made
/// for another attachment of the network is left alone.
void remove_veth_pair(const Request& request);

}  // namespace cni
