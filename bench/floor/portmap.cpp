#include "afterwards.h"
#include "nftables.h"
#include "plugins.h"

// Behind what declares the hooks.
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

namespace cni::floor {
namespace {

constexpr std::string_view mappings = "mappings", hairpins = "hairpins";
constexpr std::uint32_t source = 12, destination = 16, destination_port = 2;

/// Of a mapping: protocol . port : address . port, each of which begins with a register. In network
/// byte order.
struct Pair {
    std::uint32_t first, second;
};

std::uint32_t port_of(unsigned port) {
    return big(port << 16);
}

/// What the attachment has.
struct Mapping {
    Pair key, target;
    Pair hairpin;  ///< its network . its address
    std::uint32_t mask;

    explicit Mapping(const Input& input) {
        const Prefix address = input.prefix("address");
        key = {big(unsigned{IPPROTO_TCP} << 24), port_of(input.number("hostPort"))};
        target = {big(address.ip), port_of(input.number("containerPort"))};
        mask = big(address.mask());
        hairpin = {target.first & mask, target.first};
    }
};

Batch new_batch() {
    return {NFPROTO_IPV4, "floor_hostport"};
}

void put_mapping(Batch& batch, const Mapping& mapping) {
    batch.add_element(mappings, mapping.key, mapping.target);
    batch.add_element(hairpins, mapping.hairpin);
}

void put_translation(Batch& batch, std::string_view chain) {
    batch.add_rule(chain, 0, [&] {
        batch.load_address_type(0);
        batch.compare(NFT_CMP_EQ, 0, std::uint32_t{RTN_LOCAL});
        batch.load_meta(NFT_META_L4PROTO, 0);
        batch.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, destination_port, 2, 1);
        batch.translate(mappings, 0);
        batch.redirect(0);
    });
}

void put_skeleton(Batch& batch, const Mapping& mapping) {
    batch.add_table();
    batch.add_set(mappings, sizeof(Pair), sizeof(Pair));
    batch.add_set(hairpins, sizeof(Pair));
    batch.add_chain("prerouting", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
    batch.add_chain("output", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
    batch.add_chain("postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
    put_translation(batch, "prerouting");
    put_translation(batch, "output");
    batch.add_rule("postrouting", 0, [&] {
        batch.load_ct(NFT_CT_STATUS, 0);
        batch.mask(0, IPS_DST_NAT);
        batch.compare(NFT_CMP_NEQ, 0, std::uint32_t{0});
        batch.load_payload(NFT_PAYLOAD_NETWORK_HEADER, source, 4, 0);
        batch.mask(0, mapping.mask);
        batch.load_payload(NFT_PAYLOAD_NETWORK_HEADER, destination, 4, 1);
        batch.require_in(hairpins, 0);
        batch.masquerade();
    });
}

}  // namespace

void add_portmap(const Input& input) {
    const Socket nft(NETLINK_NETFILTER);
    const Mapping mapping(input);
    Batch elements = new_batch();
    put_mapping(elements, mapping);
    if (!nft.send(elements.end(), "map a port", ENOENT)) {
        Batch all = new_batch();
        put_skeleton(all, mapping);
        put_mapping(all, mapping);
        nft.send(all.end(), "map the first port");
    }
    print_result(input);
}

void del_portmap(const Input& input) {
    const Socket nft(NETLINK_NETFILTER);
    const Mapping mapping(input);
    Batch batch = new_batch();
    batch.remove_element(mappings, mapping.key);
    batch.remove_element(hairpins, mapping.hairpin);
    nft.send(batch.end(), "remove a mapping");
    close_afterwards(nft);
}

}  // namespace cni::floor
