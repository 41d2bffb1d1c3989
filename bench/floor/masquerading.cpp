#include "nftables.h"

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>

namespace cni::floor {
namespace {

constexpr std::string_view table = "cni_plugins_masquerade", checks = "masq_checks",
                           postrouting = "postrouting";
constexpr std::uint32_t v4_source = 12, v4_destination = 16;  // in an IPv4 header

std::uint32_t big(std::uint32_t ip) {
    return __builtin_bswap32(ip);
}

/// Changes that take effect at once.
class Batch {
public:
    Batch() { mark(NFNL_MSG_BATCH_BEGIN); }
    const Datagram& end() {
        mark(NFNL_MSG_BATCH_END);
        return datagram_;
    }

    /// NFT_MSG_*; in all of them the table's name is the same attribute.
    Datagram& message(int type, int flags) {
        return datagram_
            .message(NFNL_SUBSYS_NFTABLES << 8 | type, flags,
                     nfgenmsg{.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0, .res_id = 0})
            .put_text(NFTA_TABLE_NAME, table);
    }
    /// A rule of the expressions that `body` puts.
    template <typename F>
    Datagram& rule(std::string_view chain, int flags, F&& body) {
        return message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags)
            .put_text(NFTA_RULE_CHAIN, chain)
            .nest(NFTA_RULE_EXPRESSIONS, body);
    }

    void only_v4() {
        expression("meta", [&] {
            datagram_.put_be32(NFTA_META_KEY, NFT_META_NFPROTO).put_be32(NFTA_META_DREG, NFT_REG_1);
        });
        compare(NFT_CMP_EQ, std::uint8_t{NFPROTO_IPV4});
    }
    void address(std::uint32_t offset, nft_cmp_ops op, Prefix prefix) {
        expression("payload", [&] {
            datagram_.put_be32(NFTA_PAYLOAD_DREG, NFT_REG_1)
                .put_be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER)
                .put_be32(NFTA_PAYLOAD_OFFSET, offset)
                .put_be32(NFTA_PAYLOAD_LEN, sizeof prefix.ip);
        });
        expression("bitwise", [&] {
            datagram_.put_be32(NFTA_BITWISE_SREG, NFT_REG_1)
                .put_be32(NFTA_BITWISE_DREG, NFT_REG_1)
                .put_be32(NFTA_BITWISE_LEN, sizeof prefix.ip);
            value(NFTA_BITWISE_MASK, big(prefix.mask()));
            value(NFTA_BITWISE_XOR, std::uint32_t{0});
        });
        compare(op, big(prefix.ip & prefix.mask()));
    }
    void verdict(int code, std::string_view chain) {
        expression("immediate", [&] {
            datagram_.put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT).nest(NFTA_IMMEDIATE_DATA, [&] {
                datagram_.nest(NFTA_DATA_VERDICT, [&] {
                    datagram_.put_be32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
                    if (!chain.empty()) datagram_.put_text(NFTA_VERDICT_CHAIN, chain);
                });
            });
        });
    }
    template <typename F>
    void expression(std::string_view name, F&& body) {
        datagram_.nest(NFTA_LIST_ELEM, [&] {
            datagram_.put_text(NFTA_EXPR_NAME, name).nest(NFTA_EXPR_DATA, body);
        });
    }

private:
    void mark(int type) {
        datagram_.message(type, 0,
                          nfgenmsg{.nfgen_family = AF_UNSPEC,
                                   .version = NFNETLINK_V0,
                                   .res_id = htons(NFNL_SUBSYS_NFTABLES)});
    }
    template <typename T>
    void value(int attribute, T data) {
        datagram_.nest(attribute, [&] { datagram_.put(NFTA_DATA_VALUE, data); });
    }
    template <typename T>
    void compare(nft_cmp_ops op, T data) {
        expression("cmp", [&] {
            datagram_.put_be32(NFTA_CMP_SREG, NFT_REG_1).put_be32(NFTA_CMP_OP, op);
            value(NFTA_CMP_DATA, data);
        });
    }

    Datagram datagram_;
};

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
    put_comment(batch.rule(checks, NLM_F_ECHO,
                           [&] {
                               batch.only_v4();
                               batch.address(v4_source, NFT_CMP_EQ, address.host());
                               batch.address(v4_destination, NFT_CMP_NEQ, address);
                               batch.expression("masq", [] {});
                           }),
                input);
}

void put_skeleton(Batch& batch) {
    const Prefix multicast{224u << 24, 4};
    batch.message(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    batch.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE).put_text(NFTA_CHAIN_NAME, checks);
    Datagram& chain = batch.message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    chain.put_text(NFTA_CHAIN_NAME, postrouting).nest(NFTA_CHAIN_HOOK, [&] {
        chain.put_be32(NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING)
            .put_be32(NFTA_HOOK_PRIORITY, NF_IP_PRI_NAT_SRC);
    });
    chain.put_text(NFTA_CHAIN_TYPE, "nat");
    batch.rule(postrouting, 0, [&] {
        batch.only_v4();
        batch.address(v4_destination, NFT_CMP_EQ, multicast);
        batch.verdict(NFT_RETURN, {});
    });
    batch.rule(postrouting, 0, [&] { batch.verdict(NFT_GOTO, checks); });
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
            return static_cast<unsigned>(__builtin_bswap64(value));
        }
        at += NLA_ALIGN(attribute->nla_len);
    }
    return 0;
}

// 0 where there is no such table or chain.
unsigned send_rule(const Socket& nft, Batch batch) {
    unsigned handle = 0;
    nft.send(batch.end(), "add a rule", ENOENT, [&](const nlmsghdr* message) {
        if (const unsigned found = handle_in(message)) handle = found;
    });
    return handle;
}

}  // namespace

unsigned add_masquerading(const Socket& nft, const Input& input, Prefix address) {
    Batch rule;
    put_masquerading(rule, input, address);
    if (const unsigned handle = send_rule(nft, rule)) return handle;
    Batch all;
    put_skeleton(all);
    put_masquerading(all, input, address);
    return send_rule(nft, all);
}

void remove_masquerading(const Socket& nft, unsigned handle) {
    Batch batch;
    batch.message(NFT_MSG_DELRULE, 0)
        .put_text(NFTA_RULE_CHAIN, checks)
        .put(NFTA_RULE_HANDLE, __builtin_bswap64(handle));
    nft.send(batch.end(), "delete a rule");
}

}  // namespace cni::floor
