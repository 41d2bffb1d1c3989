#include "masquerading.h"

#include "nftables.h"

// Behind what declares the hooks.
#include <linux/netfilter_ipv4.h>

namespace cni::floor {
namespace {

constexpr std::string_view checks = "masq_checks", postrouting = "postrouting";

Batch new_batch() {
    return {NFPROTO_INET, "cni_plugins_masquerade"};
}

void only_v4(Batch& batch) {
    batch.load_meta(NFT_META_NFPROTO, 0);
    batch.compare(NFT_CMP_EQ, 0, std::uint8_t{NFPROTO_IPV4});
}

// Source or destination, by its offset in the header.
void compare_address(Batch& batch, std::uint32_t offset, nft_cmp_ops op, Prefix prefix) {
    batch.load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof prefix.ip, 0);
    batch.mask(0, big(prefix.mask()));
    batch.compare(op, 0, big(prefix.ip & prefix.mask()));
}

constexpr std::uint32_t source = 12, destination = 16;

// What `nft` shows as a comment: type, length, and the text with its end.
void put_comment(Datagram& datagram, const Input& input) {
    Text comment;
    comment << "net: " << input.text("name") << ", if: " << input.ifname
            << ", id: " << input.container_id;
    Text record;
    const char head[] = {0, static_cast<char>(comment.view().size() + 1)};
    record << std::string_view(head, sizeof head) << comment.view();
    datagram.put(NFTA_RULE_USERDATA, record.c_str(), record.view().size() + 1);
}

void put_masquerading(Batch& batch, const Input& input, Prefix address) {
    const auto expressions = [&] {
        only_v4(batch);
        compare_address(batch, source, NFT_CMP_EQ, address.host());
        compare_address(batch, destination, NFT_CMP_NEQ, address);
        batch.masquerade();
    };
    put_comment(batch.add_rule(checks, NLM_F_ECHO, expressions), input);
}

void put_skeleton(Batch& batch) {
    const Prefix multicast{224u << 24, 4};
    batch.add_table();
    batch.add_chain(checks);
    batch.add_chain(postrouting, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
    batch.add_rule(postrouting, 0, [&] {
        only_v4(batch);
        compare_address(batch, destination, NFT_CMP_EQ, multicast);
        batch.verdict(NFT_RETURN);
    });
    batch.add_rule(postrouting, 0, [&] { batch.verdict(NFT_GOTO, checks); });
}

// Of a rule; 0 in another message.
unsigned handle_in(const nlmsghdr* message) {
    if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)) return 0;
    const auto* at = reinterpret_cast<const char*>(message);
    const char* const end = at + message->nlmsg_len;
    for (at += NLMSG_LENGTH(sizeof(nfgenmsg)); at < end;) {
        const auto* attribute = reinterpret_cast<const nlattr*>(at);
        std::uint64_t value = 0;
        if ((attribute->nla_type & NLA_TYPE_MASK) == NFTA_RULE_HANDLE) {
            std::memcpy(&value, at + NLA_HDRLEN, sizeof value);
            return static_cast<unsigned>(::be64toh(value));
        }
        at += NLA_ALIGN(attribute->nla_len);
    }
    return 0;
}

// 0 where there is no such table or chain.
unsigned send_rule(const Socket& nft, Batch& batch) {
    unsigned handle = 0;
    nft.send(batch.end(), "add a rule", ENOENT, [&](const nlmsghdr* message) {
        if (const unsigned found = handle_in(message)) handle = found;
    });
    return handle;
}

}  // namespace

unsigned add_masquerading(const Socket& nft, const Input& input, Prefix address) {
    Batch rule = new_batch();
    put_masquerading(rule, input, address);
    if (const unsigned handle = send_rule(nft, rule)) return handle;
    Batch all = new_batch();
    put_skeleton(all);
    put_masquerading(all, input, address);
    return send_rule(nft, all);
}

void remove_masquerading(const Socket& nft, unsigned handle) {
    Batch batch = new_batch();
    batch.remove_rule(checks, handle);
    nft.send(batch.end(), "delete a rule");
}

}  // namespace cni::floor
