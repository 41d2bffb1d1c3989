#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attach/departure.h"
#include "cni/delegate.h"
#include "cni/plugin.h"
#include "container/container.h"
#include "netlink/link.h"

namespace cni {

/// The pair of an attachment, both ends down.
struct VethPair {
    Link host, container;
};
struct VethPairOptions {
    Mac container_mac;
    int master = 0;         ///< index of the bridge the host end becomes a port of; 0: none
    std::uint32_t mtu = 0;  ///< bytes, both ends; 0: the kernel's choice
};
/// Makes the pair in place, its host end named and labelled after the attachment
/// (attach/host_link.h). Throws NlError(EEXIST) when the container has an interface of that name.
VethPair make_veth_pair(Rtnl& host, const Container& container, const Request& request,
                        const VethPairOptions& options);

/// The way back of an ADD's allocation, once its own pair is gone: releases the addresses, even
/// when the IPAM plugin reported an error (spec section 4). But one that refused while an earlier
/// ADD's pair is there did so for the sake of that, and it keeps its addresses.
void release_addresses(Rtnl& host, const Request& request, Ipam::Allocation& allocation);

/// On DEL: deletes the pair at the host's end, whatever became of the namespace and whatever the
/// container has done to its own end. What is another attachment's is left alone. `record` is the
/// prevResult, if it can be read. Throws when a link could not be deleted.
void remove_veth_pair(const Request& request, const std::optional<Result>& record,
                      Departure& departure);

/// On GC: deletes the pairs of all attachments of the network that are not in `valid`, and has the
/// IPAM plugin, if any, release the addresses. nullopt: no pair, the IPAM plugin is only told of
/// the GC. Throws when a link could not be deleted: then the addresses are kept, since an interface
/// still bears them.
void remove_stale_pairs_and_addresses(const Request& request,
                                      const std::optional<std::vector<AttachmentId>>& valid,
                                      Departure& departure);

}  // namespace cni
