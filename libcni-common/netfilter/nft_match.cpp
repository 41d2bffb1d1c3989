#include "netfilter/nft_match.h"

#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>

namespace cni::nft {
namespace {

Bytes bytes_of(const Ip& ip, std::size_t size) {
    return {ip.data(), ip.data() + size};
}

std::uint32_t address_offset(Side side, Family family) {
    constexpr std::uint32_t v4_source = 12, v4_destination = 16, v6_source = 8, v6_destination = 24;
    if (family == Family::v4) return side == Side::source ? v4_source : v4_destination;
    return side == Side::source ? v6_source : v6_destination;
}

}  // namespace

Bytes host_order(std::uint32_t number) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&number);
    return {bytes, bytes + sizeof number};
}

Bytes network_order(std::uint16_t number) {
    return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

std::uint8_t nfproto(Family family) {
    return family == Family::v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

Payload address_load(Side side, Family family, std::uint32_t dreg) {
    const std::uint32_t size = family == Family::v4 ? 4 : 16;
    return {NFT_PAYLOAD_NETWORK_HEADER, address_offset(side, family), size, dreg};
}

Rule family_is(Family family) {
    return rule(Meta{NFT_META_NFPROTO}, Cmp{Op::eq, {nfproto(family)}});
}

Rule address(Side side, Op op, const Prefix& prefix) {
    const Ip network = prefix.network().ip;
    const auto size = static_cast<std::uint32_t>(network.size());
    const auto whole = static_cast<std::uint32_t>(prefix.length / 8);
    // A prefix that ends with a byte needs no mask: only the bytes of the network are loaded.
    Payload load{NFT_PAYLOAD_NETWORK_HEADER, address_offset(side, network.family()), size};
    if (prefix.length % 8 == 0 && whole > 0) {
        load.length = whole;
        return rule(load, Cmp{op, bytes_of(network, whole)});
    }
    const Ip mask = Ip::any(network.family()).filled(0).masked(prefix.length);
    return rule(load, Bitwise{bytes_of(mask, size), Bytes(size)}, Cmp{op, bytes_of(network, size)});
}

Rule protocol_is(std::uint8_t protocol) {
    return rule(Meta{NFT_META_L4PROTO}, Cmp{Op::eq, {protocol}});
}

// The header of each of these protocols begins with source port and destination port.
Rule port(Side side, Op op, std::uint16_t number) {
    const std::uint32_t offset = side == Side::source ? 0 : 2;
    return rule(Payload{NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2}, Cmp{op, network_order(number)});
}

// The kernel loads 16 bytes, zeros behind the name (nft_meta_store_ifname), so that comparing them
// all compares the whole name, and comparing fewer what it begins with.
Bytes interface_name(const std::string& name) {
    Bytes padded(IFNAMSIZ);
    std::copy_n(name.begin(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1), padded.begin());
    return padded;
}

Rule interface(std::uint32_t meta, Op op, const std::string& name) {
    if (!name.ends_with('*')) return rule(Meta{meta}, Cmp{op, interface_name(name)});
    return rule(Meta{meta}, Cmp{op, {name.begin(), name.end() - 1}});
}

Rule input_interface(const std::string& name) {
    return rule(Meta{NFT_META_IIFNAME}, Cmp{Op::eq, interface_name(name)});
}

// Behind the destination, with which an Ethernet header begins (linux/if_ether.h).
Rule ether_source(const Mac& mac) {
    return rule(Payload{NFT_PAYLOAD_LL_HEADER, ETH_ALEN, ETH_ALEN},
                Cmp{Op::eq, {mac.bytes.begin(), mac.bytes.end()}});
}

Rule destination_is_local() {
    return rule(Fib{NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE}, Cmp{Op::eq, host_order(RTN_LOCAL)});
}

Rule dnat(const Ip& to, std::uint16_t port) {
    Rule out = rule(Immediate{bytes_of(to, to.size())});
    Nat nat{.type = NFT_NAT_DNAT, .family = nfproto(to.family())};
    if (port) {
        // Where nft puts it: the first whole register behind the address.
        nat.port_sreg = NFT_REG_2;
        out.push_back(Immediate{network_order(port), NFT_REG_2});
    }
    out.push_back(nat);
    return out;
}

}  // namespace cni::nft
