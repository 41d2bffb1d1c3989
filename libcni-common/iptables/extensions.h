#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "iptables/rule.h"

/// The matches and targets our rules are made of, encoded as the kernel's headers say
/// (linux/netfilter/xt_*.h, linux/netfilter/nf_nat.h) and as the iptables program writes them.
namespace cni::ipt {

/// "-m comment --comment": cut at 255 bytes.
Extension comment(const std::string& text);
/// Whose a rule is, where its text has to be the reference plugins': a hash behind the text, of
/// which neither iptables nor the kernel takes notice (and which iptables-save therefore loses).
using Seal = std::array<std::uint8_t, 32>;
/// Cut at 223 bytes.
Extension sealed_comment(const std::string& text, const Seal& seal);
/// nullopt without one.
std::optional<Seal> seal_of(const Rule& rule);
/// "-m tcp|udp|sctp --dport": `protocol` is IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP, which the
/// rule has to match as well.
Extension destination_port(std::uint8_t protocol, std::uint16_t port);
/// "-m multiport --dports": 1 to 15 ports.
Extension destination_ports(const std::vector<std::uint16_t>& ports);
/// "-m mark --mark value/mask".
Extension mark(std::uint32_t value, std::uint32_t mask, bool inverted = false);
/// "-m addrtype --src-type, --dst-type": sets of 1 << RTN_* (linux/rtnetlink.h); 0 for no test.
struct AddressTypes {
    std::uint16_t types = 0;
    bool inverted = false;
};
Extension address_types(AddressTypes source, AddressTypes destination);
/// "-m conntrack --ctstate": NF_CT_STATE bits of linux/netfilter/xt_conntrack.h.
Extension conntrack_state(std::uint16_t states, bool inverted = false);

/// "-m set --match-set": `number` is ip_set_number()'s. One bit for each part of a set's elements,
/// from bit 0 on: set to compare what the packet comes from, clear for what it goes to.
Extension in_set(std::uint16_t number, std::uint8_t parts, std::uint8_t sources,
                 bool inverted = false);
/// The most parts that elements have.
constexpr std::size_t set_parts_max = 6;

/// "-j DNAT --to-destination ip:port"
Extension dnat(const Ip& to, std::uint16_t port);
/// "-j MASQUERADE"
Extension masquerade(Family family);
/// "-j MARK --set-xmark value/mask"
Extension set_mark(std::uint32_t value, std::uint32_t mask);

/// Where a DNAT target leads; nullopt when it is none, or leads to a range of addresses.
struct Endpoint {
    Ip ip;
    std::uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;
};
std::optional<Endpoint> dnat_destination(const Extension& target, Family family);
/// Of a match as destination_port makes; nullopt for all others.
std::optional<std::uint16_t> destination_port(const Extension& match);
/// Of a match as destination_ports makes; empty for all others.
std::vector<std::uint16_t> destination_ports(const Extension& match);

}  // namespace cni::ipt
