#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/named.h"
#include "net/ip.h"

namespace cni::firewall {

enum class Protocol { tcp, udp, sctp, icmp };
inline constexpr Named<Protocol> protocols[] = {{"tcp", Protocol::tcp},
                                                {"udp", Protocol::udp},
                                                {"sctp", Protocol::sctp},
                                                {"icmp", Protocol::icmp}};
struct PortRange {
    std::uint16_t first, last;
    bool operator==(const PortRange&) const = default;
};

/// What an entry of `ingress` or `egress` lets through, with one of its CIDRs and one of its ports:
/// what fits all that it says. The ports are the server's.
struct Allowance {
    std::optional<Prefix> peer = {};  ///< who the container is let talk with; nullopt: anybody
    std::optional<Protocol> protocol = {};
    std::optional<PortRange> ports = {};
    bool operator==(const Allowance&) const = default;
};
using Allowances = std::vector<Allowance>;

/// What is let in and out of a container, besides what answers it.
struct Admission {
    std::optional<Allowances> ingress = {}, egress = {};  ///< nullopt: everything
    bool lets_host_in = true;  ///< whatever `ingress` says: ingressFromHost
    bool is_gated = false;     ///< nothing at all until somebody opens the gate

    /// Everything is let in and out.
    bool empty() const { return !ingress && !egress && !is_gated; }
    /// The key of the configuration that asks for it, where it is not empty.
    std::string_view key() const { return ingress ? "ingress" : egress ? "egress" : "gate"; }
};

/// The interface of the host by which everything passes that a container gets and sends.
struct Door {
    std::string interface = {};
    bool is_bridge_port = false;
};

}  // namespace cni::firewall
