#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conditions/condition.h"
#include "net/ip.h"
#include "netfilter/owner.h"

/// What is forwarded to a container, as values: from what the configuration says (Mapping) over
/// what an attachment forwards (Forwarding) to where a port of the host leads (Translation). The
/// backends put that into the kernel.
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

/// A port of the host, of one family.
struct HostPort {
    std::uint8_t protocol;  ///< IPPROTO_*
    std::optional<Ip> ip;   ///< nullopt: any address of the host
    std::uint16_t port;
    auto operator<=>(const HostPort&) const = default;
};

/// Where packets for a port of the host go: what a backend writes for a mapping, and what it finds
/// in the kernel, whoever made it.
struct Translation {
    HostPort from;
    Ip to;  ///< the container's
    std::uint16_t to_port;
    bool operator==(const Translation&) const = default;
};
using Translations = std::vector<Translation>;

inline void append(Translations& to, const Translations& more) {
    to.insert(to.end(), more.begin(), more.end());
}

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
    /// No mapping applies to the family.
    bool empty() const;
    /// Of the mappings that apply to the family. Of two for one port of the host the first counts.
    Translations translations() const;
    /// What could not answer, or would answer past the host, without being masqueraded: networks
    /// of senders, of which an empty prefix stands for all.
    std::vector<Prefix> masqueraded_sources() const;
};

}  // namespace cni::portmap
