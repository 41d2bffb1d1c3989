#pragma once

#include <vector>

#include "forwarding.h"
#include "netfilter/nft.h"
#include "netlink/link.h"

/// UDP and SCTP flows go on where they went, whatever becomes of the rules; a TCP connection ends
/// by itself. One pass over the kernel's flows for each protocol and family there is a mapping of,
/// none without.
namespace cni::portmap {

/// After ADD: deletes flows to the ports of the host that lead anywhere but through the mappings.
/// Those through `ahead`, what add_mappings says comes first, and through mappings for just their
/// destination stay. `host` tells which addresses are the host's.
void forget_flows_elsewhere(Rtnl& host, nft::Connection& nft, const Translations& added,
                            const Translations& ahead);

/// After DEL: deletes the flows that lead through the mappings. Does nothing when the kernel tracks
/// no flows.
void forget_flows_through(nft::Connection& nft, const Translations& removed);

}  // namespace cni::portmap
