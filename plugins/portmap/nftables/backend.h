#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "../forwarding.h"
#include "netfilter/conntrack.h"
#include "netfilter/nft.h"

/// Port mappings in nf_tables: tables `ip cni_hostport` and `ip6 cni_hostport`, maps keyed by
/// address, protocol and port (see docs/plugins/portmap.md for the layout).
namespace cni::portmap::nftables {

/// Both families in one commit. Takes over mappings that another container has; replaces what an
/// earlier ADD of the same owner left. Returns the mappings that stay in force instead of the same
/// ones of `forwardings`: those of the container's other attachments. Throws NlError, Error.
Translations add(nft::Connection& nft, const std::vector<Forwarding>& forwardings);

/// Removes what other containers have of the same addresses, protocols and ports.
void displace(nft::Connection& nft, const std::vector<Forwarding>& forwardings);

/// Throws Error naming the first mapping, map or chain that is missing or differs.
void check(nft::Connection& nft, const std::vector<Forwarding>& forwardings);

/// Removes what the owner has in both families, ours and the reference plugin's, but nothing that
/// another one has taken over. The latter's rules name the container only: where `addresses` holds
/// some of the family, those that lead elsewhere stay. What waits for a mapping of the same
/// container comes into force. Returns what was removed; empty when there was nothing.
Translations remove(nft::Connection& nft, const Owner& owner,
                    const std::vector<Ip>& addresses = {});

/// Removes what belongs to `network` and to none of `valid`.
Translations gc(nft::Connection& nft, const std::string& network, const std::vector<Owner>& valid);

/// Whether the flow goes where a mapping for just its destination leads.
bool is_mapped(nft::Connection& nft, const Flow& flow);

/// Why mappings could not be added; nullopt when they could. Changes nothing.
std::optional<std::string> problem(nft::Connection& nft);

}  // namespace cni::portmap::nftables
