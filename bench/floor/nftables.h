#pragma once

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "socket.h"

namespace cni::floor {

/// Changes of one table that take effect at once.
class Batch {
public:
    /// `family` is NFPROTO_*.
    Batch(std::uint8_t family, std::string_view table);
    const Datagram& end();

    void add_table() { message(NFT_MSG_NEWTABLE, NLM_F_CREATE); }
    void add_chain(std::string_view name);
    /// One that translates addresses: where (NF_INET_*), and when.
    void add_chain(std::string_view name, std::uint32_t hook, int priority);
    /// Lengths are bytes; with data it is a map.
    void add_set(std::string_view name, std::uint32_t key_length, std::uint32_t data_length = 0);
    template <typename Key>
    void remove_element(std::string_view set, const Key& key) {
        element(NFT_MSG_DELSETELEM, set, [&] { value(NFTA_SET_ELEM_KEY, key); });
    }
    template <typename Key>
    void add_element(std::string_view set, const Key& key) {
        element(NFT_MSG_NEWSETELEM, set, [&] { value(NFTA_SET_ELEM_KEY, key); });
    }
    template <typename Key, typename Data>
    void add_element(std::string_view map, const Key& key, const Data& data) {
        element(NFT_MSG_NEWSETELEM, map, [&] {
            value(NFTA_SET_ELEM_KEY, key);
            value(NFTA_SET_ELEM_DATA, data);
        });
    }
    void remove_rule(std::string_view chain, std::uint64_t handle);
    /// A rule of the expressions that `body` puts; further attributes may follow.
    template <typename F>
    Datagram& add_rule(std::string_view chain, int flags, F&& body) {
        return message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags)
            .put_text(NFTA_RULE_CHAIN, chain)
            .nest(NFTA_RULE_EXPRESSIONS, body);
    }

    // Expressions of a rule. A register is one of 32 bits, from 0 on; what is longer goes on in
    // those behind it.
    void load_meta(std::uint32_t key, std::uint32_t reg);
    void load_ct(std::uint32_t key, std::uint32_t reg);
    void load_payload(nft_payload_bases base, std::uint32_t offset, std::uint32_t length,
                      std::uint32_t reg);
    /// Whether the destination is this host's, and so on (RTN_*).
    void load_address_type(std::uint32_t reg);
    void mask(std::uint32_t reg, std::uint32_t bits);
    template <typename T>
    void compare(nft_cmp_ops op, std::uint32_t reg, const T& data) {
        expression("cmp", [&] {
            put_register(NFTA_CMP_SREG, reg).put_be32(NFTA_CMP_OP, op);
            value(NFTA_CMP_DATA, data);
        });
    }
    /// Ends the rule unless the register holds a key of the set.
    void require_in(std::string_view set, std::uint32_t reg);
    /// Replaces a key of the map by its data.
    void translate(std::string_view map, std::uint32_t reg);
    /// To the address and port in two registers.
    void redirect(std::uint32_t reg);
    void masquerade();
    void verdict(int code, std::string_view chain = {});

private:
    /// NFT_MSG_*; in all of them the table's name is the same attribute.
    Datagram& message(int type, int flags);
    void mark(int type);
    template <typename F>
    void expression(std::string_view name, F&& body) {
        datagram_.nest(NFTA_LIST_ELEM, [&] {
            datagram_.put_text(NFTA_EXPR_NAME, name).nest(NFTA_EXPR_DATA, body);
        });
    }
    template <typename F>
    void element(int type, std::string_view set, F&& body) {
        message(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0)
            .put_text(NFTA_SET_ELEM_LIST_SET, set)
            .nest(NFTA_SET_ELEM_LIST_ELEMENTS, [&] { datagram_.nest(NFTA_LIST_ELEM, body); });
    }
    template <typename T>
    void value(int attribute, const T& data) {
        datagram_.nest(attribute, [&] { datagram_.put(NFTA_DATA_VALUE, data); });
    }
    Datagram& put_register(int attribute, std::uint32_t reg) {
        return datagram_.put_be32(attribute, NFT_REG32_00 + reg);
    }

    const std::uint8_t family_;
    const std::string_view table_;
    std::uint32_t sets_ = 0;
    Datagram datagram_;
};

}  // namespace cni::floor
