#pragma once

#include <string>
#include <vector>

#include "../passage.h"
#include "skeleton.h"

/// What stands in tables `bridge cni_firewall`, for ports of bridges, and `inet cni_firewall`, for
/// other interfaces of the host, besides what layout.h has there:
///
/// | object | what it is |
/// |---|---|
/// | chain from_containers | hook prerouting: sends what comes from `egress` on |
/// | chain to_containers | hook postrouting: sends what goes to `ingress` on |
/// | maps egress, ingress | interface : goto egress-<hashes>, ingress-<hashes> of its attachment |
/// | chains neighbours_from, _to | accept what IPv6 needs to find neighbours and routers |
/// | sets open_v4, open_v6 | addresses whose gates are open: agents put them there |
/// | sets gated_v4, gated_v6 | addresses with a gate; the comments say whose |
/// | map admissions | hashes of an attachment . 0: its interface, . 1 and . 2: what opens its gate
/// |
///
/// A chain of an attachment accepts what is let through, and drops at its end.
namespace cni::firewall::nftables {

inline constexpr const char* admissions = "admissions";

/// Of what a container sends, or of what it gets.
enum class Direction { egress, ingress };
inline constexpr Direction directions[] = {Direction::egress, Direction::ingress};

/// The map of the direction.
const std::string& map_of(Direction direction);
/// "egress-8e48f37d5de60467-f4d01f2ef4b92245"
std::string chain_of(Direction direction, const std::string& hashes);
/// Where the door's packets are seen.
const nft::Table& table_of(const Door& door);

std::string open_set(Family family);
std::string gated_set(Family family);
nft::Bytes address_key(const Ip& address);
/// The number behind the hashes under which an attachment's address stands in `admissions`.
std::size_t place_of(Family family);

Skeleton admission_skeleton(const nft::Table& table);
/// open_v4, open_v6, gated_v4, gated_v6: in both tables, so that agents need not know in which one
/// an attachment is.
std::vector<nft::Set> gate_sets();

/// Whether a chain is needed.
bool is_restricted(const Admission& admission, Direction direction);
struct ChainRule {
    nft::Rule rule;
    std::string comment = {};
};
/// Of the attachment's chain.
std::vector<ChainRule> chain_rules(const Passage& passage, Direction direction);

}  // namespace cni::firewall::nftables
