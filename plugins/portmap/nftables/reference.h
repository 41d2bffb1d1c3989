#pragma once

#include <string>
#include <vector>

#include "record.h"

/// The rules that the reference plugin has in the same tables. Their comment is the container's id.
namespace cni::portmap::nftables {

/// Whether there may be some: one lookup.
bool has_reference_rules(nft::Connection& nft, Family family);

/// Deletes those of a container: of one network only where `addresses`, what its interface there
/// has, holds some of the family. `removed` gets the mappings among them.
void put_removal_of_reference(nft::Connection& nft, nft::Batch& batch, Family family,
                              const std::string& container_id, const std::vector<Ip>& addresses,
                              Translations& removed);

/// Deletes those of the record's addresses, protocols and ports. Those of its own container that
/// lead to another address stay unless `goes_first`, and are returned.
Translations put_displacement_of_reference(nft::Connection& nft, nft::Batch& batch,
                                           const Record& record, bool goes_first);

}  // namespace cni::portmap::nftables
