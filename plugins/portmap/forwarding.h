#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "net/ip.h"
#include "netfilter/nft_match.h"
#include "netfilter/owner.h"

/// What is forwarded to a container, as values; the backends put them into the kernel.
namespace cni::portmap {

/// One entry of runtimeConfig.portMappings.
struct Mapping {
    std::uint8_t protocol;  ///< IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
    std::uint16_t host_port;
    std::uint16_t container_port;
    std::optional<Ip> host_ip;  ///< "0.0.0.0" and "::" too; nullopt: both families

    bool applies_to(Family family) const { return !host_ip || host_ip->family() == family; }
    /// The destination a packet needs; nullopt: any address of the host.
    std::optional<Ip> destination() const {
        return host_ip && !host_ip->is_any() ? host_ip : std::nullopt;
    }
    auto operator<=>(const Mapping&) const = default;
};

// What else a packet needs to be forwarded (conditionsV4, conditionsV6): one of the values, or none
// of them when inverted.

struct AddressCondition {
    nft::Side side;
    std::vector<Prefix> any_of;
    bool inverted = false;
    bool operator==(const AddressCondition&) const = default;
};
struct InterfaceCondition {
    bool output;
    std::vector<std::string> any_of;  ///< a trailing "*" stands for any rest
    bool inverted = false;
    bool operator==(const InterfaceCondition&) const = default;
};
struct ProtocolCondition {
    std::vector<std::uint8_t> any_of;  ///< IPPROTO_*
    bool inverted = false;
    bool operator==(const ProtocolCondition&) const = default;
};
struct AddressTypeCondition {
    nft::Side side;
    std::vector<std::uint8_t> any_of;  ///< RTN_*
    bool inverted = false;
    bool operator==(const AddressTypeCondition&) const = default;
};
struct MarkCondition {
    std::uint32_t value, mask;
    bool inverted = false;
    bool operator==(const MarkCondition&) const = default;
};
/// In a set of the ipset program; iptables only.
struct SetCondition {
    std::string name;
    std::vector<nft::Side> parts;  ///< of the set's elements
    bool inverted = false;
    bool operator==(const SetCondition&) const = default;
};
/// All of a list have to hold.
using Condition = std::variant<AddressCondition, InterfaceCondition, ProtocolCondition,
                               AddressTypeCondition, MarkCondition, SetCondition>;

/// Everything one attachment forwards in one address family.
struct Forwarding {
    Owner owner;
    Prefix container;               ///< its address, with the length of its subnet
    std::vector<Mapping> mappings;  ///< in order, also those of the other family
    std::vector<Condition> conditions;

    bool snat = true;       ///< masquerade what comes from the host's 127.0.0.1 and the own subnet
    bool masq_all = false;  ///< masquerade whatever is forwarded; only with snat
    std::uint8_t mark_bit = 13;                           ///< iptables only
    std::optional<std::string> external_mark_chain = {};  ///< iptables only

    /// The attachment brings its container a default route, which the kernel prefers to earlier
    /// ones: answers leave this way.
    bool leads_out = false;

    Family family() const { return container.ip.family(); }
};

/// One mapping that was in the kernel: what conntrack entries of it look like.
struct Forwarded {
    std::uint8_t protocol;
    std::optional<Ip> host_ip;  ///< nullopt: any address of the host
    std::uint16_t host_port;
    Ip container_ip;
    std::uint16_t container_port;
    bool operator==(const Forwarded&) const = default;
};

/// What a packet for a mapping is for: protocol, address (nullopt: any of the host), port.
using HostPort = std::tuple<std::uint8_t, std::optional<Ip>, std::uint16_t>;
using HostPorts = std::set<HostPort>;
inline HostPort host_port_of(const Forwarded& mapping) {
    return {mapping.protocol, mapping.host_ip, mapping.host_port};
}

/// The mappings of an attachment that apply to the family of its address. Of two for one port of
/// the host the first counts.
std::vector<Forwarded> forwarded_by(const Forwarding& forwarding);

}  // namespace cni::portmap
