#pragma once

#include <string>
#include <vector>

#include "forwarding.h"
#include "netfilter/nft.h"

namespace cni::portmap::nftables {

/// Deletes the rules that the reference plugin left for a container: their comment is its id.
/// `removed` gets the mappings among them.
void put_removal_of_reference(nft::Connection& nft, nft::Batch& batch, Family family,
                              const std::string& container_id, std::vector<Forwarded>& removed);

}  // namespace cni::portmap::nftables
