#pragma once

#include <optional>
#include <string>

#include "../passage.h"
#include "netfilter/nft.h"

/// What stands in tables `inet cni_firewall` and `bridge cni_firewall`:
///
/// | object | what it is |
/// |---|---|
/// | inet chain forward | looks up what stays on a bridge and what goes to another one, then
/// `admin` | | inet map on_bridge | bridge . bridge : dropped (isolated), or on to `admin`
/// (same-bridge) | | inet set policed | bridges with a policy: nothing goes from one of them to
/// another | | inet chain admin | sends everything to the chains of administrators | | inet map
/// attachments | hashes of an attachment . 0 : jump to its holder | | inet chain <policy>-<bridge>
/// | a holder: empty; the kernel counts who jumps to it | | bridge chain forward | drops what comes
/// from or goes to a port of `isolated` | | bridge set isolated | ports of isolated containers | |
/// bridge map ports | hashes of an attachment . 0 : its port |
///
/// The tables of family bridge are made when the first container is isolated.
namespace cni::firewall::nftables {

inline constexpr nft::Table inet_table{NFPROTO_INET, "cni_firewall"};
inline constexpr nft::Table bridge_table{NFPROTO_BRIDGE, "cni_firewall"};

inline constexpr const char* on_bridge = "on_bridge";
inline constexpr const char* policed = "policed";
inline constexpr const char* attachments = "attachments";
inline constexpr const char* isolated = "isolated";
inline constexpr const char* ports = "ports";
inline constexpr const char* admin = "admin";

/// "isolated-cni0": counts the attachments that the policy is there for.
std::string holder(Policy policy, const std::string& bridge);
struct Held {
    Policy policy;
    std::string bridge;
    bool operator==(const Held&) const = default;
};
std::optional<Held> parse_holder(const std::string& chain);

/// Element of on_bridge. `policy` is not open.
nft::Element bridge_element(const std::string& bridge, Policy policy);
nft::Bytes bridge_key(const std::string& bridge);

/// Makes or repairs what all attachments share.
void put_skeleton(nft::Connection& nft, nft::Batch& batch, const std::string& admin_chain,
                  Policy policy);
/// What of it is missing or differs ("chain forward of nftables table inet cni_firewall").
std::optional<std::string> skeleton_fault(nft::Connection& nft, const std::string& admin_chain,
                                          Policy policy);

}  // namespace cni::firewall::nftables
