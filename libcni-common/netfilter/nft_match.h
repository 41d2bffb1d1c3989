#pragma once

#include "net/ip.h"
#include "net/mac.h"
#include "netfilter/nft_expr.h"

/// Matches and actions as `nft` compiles them, so that it prints them in its own words.
namespace cni::nft {

enum class Side { source, destination };

/// One rule out of expressions and lists of expressions.
template <typename... Parts>
Rule rule(const Parts&... parts) {
    Rule out;
    const auto append = [&out](const auto& part) {
        if constexpr (std::is_same_v<std::decay_t<decltype(part)>, Rule>)
            out.insert(out.end(), part.begin(), part.end());
        else
            out.emplace_back(part);
    };
    (append(parts), ...);
    return out;
}

/// Data of registers.
Bytes host_order(std::uint32_t number);
Bytes network_order(std::uint16_t number);
Bytes interface_name(const std::string& name);
/// NFPROTO_IPV4, NFPROTO_IPV6
std::uint8_t nfproto(Family family);
/// Loads the whole address.
Payload address_load(Side side, Family family, std::uint32_t dreg = reg(0));

/// "meta nfproto": needed once, ahead of address matches, in tables of the inet family only.
Rule family_is(Family family);
/// "ip saddr", "ip6 daddr" ...: inside the prefix (Op::eq) or outside (Op::ne).
Rule address(Side side, Op op, const Prefix& prefix);
/// "meta l4proto" (IPPROTO_*): needed ahead of port().
Rule protocol_is(std::uint8_t protocol);
/// Source or destination port of TCP, UDP, SCTP or DCCP.
Rule port(Side side, Op op, std::uint16_t number);
/// "iifname", the whole name.
Rule input_interface(const std::string& name);
/// `meta` is NFT_META_IIFNAME or NFT_META_OIFNAME; a "*" at the end of the name, which is not all
/// of it, stands for any rest.
Rule interface(std::uint32_t meta, Op op, const std::string& name);
/// "ether saddr", in tables of the bridge family.
Rule ether_source(const Mac& mac);
/// "fib daddr type local": the destination is an address of this host.
Rule destination_is_local();
/// "dnat to <ip>[:<port>]"; port 0 keeps the packet's. In an inet table the family is named.
Rule dnat(const Ip& to, std::uint16_t port);

}  // namespace cni::nft
