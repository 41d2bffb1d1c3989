#include <array>

#include "base/contains.h"
#include "netfilter/nft.h"
#include "netfilter/nft_wire.h"

namespace cni::nft {
namespace {

constexpr int create = NLM_F_CREATE;

// All of a list has to fit into an attribute of 64 KiB: an element takes at most 400 bytes.
constexpr std::ptrdiff_t elements_per_message = 100;

// Type numbers of libnftnl's user data (libnftnl/udata.h); comments of all other objects are 0.
constexpr std::uint8_t byte_order_of_set = 0;
constexpr std::uint8_t comment_of_set = 7;
constexpr std::uint8_t comment_of_rest = 0;

// Type, length, and the text with its terminating zero.
Bytes comment_tlv(std::uint8_t type, const std::string& comment) {
    if (comment.empty()) return {};
    if (comment.size() > comment_max)
        throw Error(Code::internal, cat("comment is longer than ", comment_max, " bytes"), comment);
    Bytes tlv{type, static_cast<std::uint8_t>(comment.size() + 1)};
    tlv.insert(tlv.end(), comment.c_str(), comment.c_str() + comment.size() + 1);
    return tlv;
}

// `nft` takes keys for big endian unless told otherwise.
Bytes byte_order_tlv(std::uint32_t key_type) {
    if (key_type != type_mark && key_type != type_ifname) return {};
    constexpr std::uint32_t host_endian = 1;
    Bytes tlv{byte_order_of_set, sizeof host_endian};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&host_endian);
    tlv.insert(tlv.end(), bytes, bytes + sizeof host_endian);
    return tlv;
}

void put_comment(NlMessage& message, int attribute, const std::string& comment) {
    if (const Bytes tlv = comment_tlv(comment_of_rest, comment); !tlv.empty())
        message.put(attribute, tlv);
}

void put_hook(NlMessage& message, const Hook& hook) {
    message.nest(NFTA_CHAIN_HOOK, [&] {
        message.put_be32(NFTA_HOOK_HOOKNUM, hook.number);
        message.put_be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(hook.priority));
    });
    message.put_be32(NFTA_CHAIN_POLICY, hook.policy).put_string(NFTA_CHAIN_TYPE, hook.type);
}

void put_value(NlMessage& message, const Element& element) {
    if (const auto* data = std::get_if<Bytes>(&element.value))
        put_data(message, NFTA_SET_ELEM_DATA, *data);
    else if (const auto* verdict = std::get_if<Verdict>(&element.value))
        put_verdict(message, NFTA_SET_ELEM_DATA, *verdict);
}

void put_element(NlMessage& message, const Element& element) {
    message.nest(NFTA_LIST_ELEM, [&] {
        put_data(message, NFTA_SET_ELEM_KEY, element.key);
        put_value(message, element);
        put_comment(message, NFTA_SET_ELEM_USERDATA, element.comment);
    });
}

}  // namespace

std::string Table::to_string() const {
    constexpr std::pair<int, std::string_view> names[] = {
        {NFPROTO_INET, "inet"},     {NFPROTO_IPV4, "ip"},       {NFPROTO_IPV6, "ip6"},
        {NFPROTO_BRIDGE, "bridge"}, {NFPROTO_NETDEV, "netdev"}, {NFPROTO_ARP, "arp"}};
    for (const auto& [number, text] : names)
        if (number == family) return cat(text, " ", name);
    return name;
}

std::string Table::act(std::string_view act, std::string_view object) const {
    return cat(act, " ", object, " of nftables table ", to_string());
}

std::uint32_t concatenated(std::initializer_list<std::uint32_t> types) {
    // As `nft` packs them (TYPE_BITS in its datatype.h).
    constexpr int bits_per_type = 6;
    std::uint32_t out = 0;
    for (const auto type : types) out = out << bits_per_type | type;
    return out;
}

Bytes concatenated_key(std::initializer_list<Bytes> fields) {
    Bytes out;
    for (const Bytes& field : fields) {
        out.insert(out.end(), field.begin(), field.end());
        // The kernel compares registers of 32 bits, and each field begins with one.
        out.resize((out.size() + 3) / 4 * 4);
    }
    return out;
}

NlMessage& Batch::push(int type, int flags, const Table& table, std::string act) {
    constexpr std::array deletions{NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE,
                                   NFT_MSG_DELSET, NFT_MSG_DELSETELEM};
    deletes_ = deletes_ || contains(deletions, type);
    requests_.push_back({table_message(type, flags, table), std::move(act), ENOENT});
    return requests_.back().message;
}

NlMessage& Batch::push_exclusive(int type, const Table& table, std::string act) {
    NlMessage& message = push(type, create | NLM_F_EXCL, table, std::move(act));
    // EBUSY: some kernels say that of an element that is there with another value.
    requests_.back().also_tolerated = {EEXIST, EBUSY};
    return message;
}

void Batch::insist() {
    for (NlRequest& r : requests_) {
        r.tolerated = 0;
        r.also_tolerated = {};
    }
}

Batch& Batch::add_table(const Table& table, const std::string& comment) {
    auto& m = push(NFT_MSG_NEWTABLE, create, table, cat("add nftables table ", table.to_string()));
    // A table that somebody has put to sleep (NFT_TABLE_F_DORMANT) has rules without effect. The
    // kernel wakes it for flags without that one (nf_tables_updtable).
    m.put_string(NFTA_TABLE_NAME, table.name).put_be32(NFTA_TABLE_FLAGS, 0);
    put_comment(m, NFTA_TABLE_USERDATA, comment);
    return *this;
}

Batch& Batch::delete_table(const Table& table) {
    push(NFT_MSG_DELTABLE, 0, table, cat("delete nftables table ", table.to_string()))
        .put_string(NFTA_TABLE_NAME, table.name);
    return *this;
}

Batch& Batch::add_chain(const Table& table, const std::string& chain,
                        const std::optional<Hook>& hook, const std::string& comment) {
    auto& m = push(NFT_MSG_NEWCHAIN, create, table, table.act("add chain", chain));
    m.put_string(NFTA_CHAIN_TABLE, table.name).put_string(NFTA_CHAIN_NAME, chain);
    if (hook) put_hook(m, *hook);
    put_comment(m, NFTA_CHAIN_USERDATA, comment);
    return *this;
}

Batch& Batch::create_chain(const Table& table, const std::string& chain) {
    push_exclusive(NFT_MSG_NEWCHAIN, table, table.act("create chain", chain))
        .put_string(NFTA_CHAIN_TABLE, table.name)
        .put_string(NFTA_CHAIN_NAME, chain);
    return *this;
}

// Where a deletion of rules names no handle, the kernel deletes all of the chain
// (nf_tables_delrule).
Batch& Batch::flush_chain(const Table& table, const std::string& chain) {
    push(NFT_MSG_DELRULE, 0, table, table.act("flush chain", chain))
        .put_string(NFTA_RULE_TABLE, table.name)
        .put_string(NFTA_RULE_CHAIN, chain);
    return *this;
}

Batch& Batch::delete_chain(const Table& table, const std::string& chain) {
    push(NFT_MSG_DELCHAIN, 0, table, table.act("delete chain", chain))
        .put_string(NFTA_CHAIN_TABLE, table.name)
        .put_string(NFTA_CHAIN_NAME, chain);
    return *this;
}

Batch& Batch::add_rule(const Table& table, const std::string& chain, const Rule& rule,
                       const std::string& comment) {
    // Without NLM_F_APPEND the kernel puts the rule at the head (nf_tables_newrule).
    auto& m = push(NFT_MSG_NEWRULE, create | NLM_F_APPEND, table,
                   table.act("add a rule to chain", chain));
    m.put_string(NFTA_RULE_TABLE, table.name).put_string(NFTA_RULE_CHAIN, chain);
    put_rule(m, NFTA_RULE_EXPRESSIONS, rule);
    put_comment(m, NFTA_RULE_USERDATA, comment);
    return *this;
}

Batch& Batch::add_xt_rule(const Table& table, const std::string& chain, const Rule& rule,
                          XtProtocol protocol, Place place) {
    const int flags = place == Place::last ? create | NLM_F_APPEND : create;
    auto& m = push(NFT_MSG_NEWRULE, flags, table, table.act("add a rule to chain", chain));
    m.put_string(NFTA_RULE_TABLE, table.name).put_string(NFTA_RULE_CHAIN, chain);
    put_rule(m, NFTA_RULE_EXPRESSIONS, rule);
    // A match of ports is refused unless the rule is for a protocol that has them. The expressions
    // say so, too, but x_tables looks only here (nft_compat.c, xt_check_match).
    m.nest(NFTA_RULE_COMPAT, [&] {
        m.put_be32(NFTA_RULE_COMPAT_PROTO, protocol.number);
        m.put_be32(NFTA_RULE_COMPAT_FLAGS, protocol.inverted ? NFT_RULE_COMPAT_F_INV : 0);
    });
    return *this;
}

Batch& Batch::delete_rule(const Table& table, const std::string& chain, std::uint64_t handle) {
    push(NFT_MSG_DELRULE, 0, table, table.act("delete a rule from chain", chain))
        .put_string(NFTA_RULE_TABLE, table.name)
        .put_string(NFTA_RULE_CHAIN, chain)
        .put_be64(NFTA_RULE_HANDLE, handle);
    return *this;
}

void Batch::put_set(NlMessage& m, const Table& table, const Set& set) {
    const bool is_map = set.data_length != 0 || set.data_type != 0;
    m.put_string(NFTA_SET_TABLE, table.name).put_string(NFTA_SET_NAME, set.name);
    m.put_be32(NFTA_SET_FLAGS, set.flags | (is_map ? NFT_SET_MAP : 0));
    m.put_be32(NFTA_SET_KEY_TYPE, set.key_type).put_be32(NFTA_SET_KEY_LEN, set.key_length);
    if (is_map) {
        m.put_be32(NFTA_SET_DATA_TYPE, set.data_type);
        // How long a verdict is the kernel knows by itself (nf_tables_newset).
        if (set.data_type != NFT_DATA_VERDICT) m.put_be32(NFTA_SET_DATA_LEN, set.data_length);
    }
    // The kernel wants a number for sets that the same batch refers to before they have a name.
    m.put_be32(NFTA_SET_ID, ++set_id_);
    Bytes userdata = byte_order_tlv(set.key_type);
    const Bytes comment = comment_tlv(comment_of_set, set.comment);
    userdata.insert(userdata.end(), comment.begin(), comment.end());
    if (!userdata.empty()) m.put(NFTA_SET_USERDATA, userdata);
}

Batch& Batch::add_set(const Table& table, const Set& set) {
    put_set(push(NFT_MSG_NEWSET, create, table, table.act("add set", set.name)), table, set);
    return *this;
}

Batch& Batch::create_set(const Table& table, const Set& set) {
    put_set(push_exclusive(NFT_MSG_NEWSET, table, table.act("create set", set.name)), table, set);
    return *this;
}

Batch& Batch::delete_set(const Table& table, const std::string& set) {
    push(NFT_MSG_DELSET, 0, table, table.act("delete set", set))
        .put_string(NFTA_SET_TABLE, table.name)
        .put_string(NFTA_SET_NAME, set);
    return *this;
}

Batch& Batch::add_element(const Table& table, const std::string& set, const Element& element) {
    auto& m = push(NFT_MSG_NEWSETELEM, create, table, table.act("add an element to set", set));
    put_elements(m, table, set, [&] { put_element(m, element); });
    return *this;
}

Batch& Batch::create_elements(const Table& table, const std::string& set,
                              const std::vector<Element>& elements) {
    for (auto next = elements.begin(); next != elements.end();) {
        const auto end = next + std::min(elements.end() - next, elements_per_message);
        auto& m = push_exclusive(NFT_MSG_NEWSETELEM, table, table.act("add elements to set", set));
        put_elements(m, table, set, [&] {
            for (; next != end; ++next) put_element(m, *next);
        });
    }
    return *this;
}

Batch& Batch::delete_element(const Table& table, const std::string& set, const Bytes& key) {
    auto& m = push(NFT_MSG_DELSETELEM, 0, table, table.act("delete an element from set", set));
    put_elements(m, table, set, [&] { put_key(m, key); });
    return *this;
}

Batch& Batch::delete_elements(const Table& table, const std::string& set,
                              const std::vector<Bytes>& keys) {
    for (auto next = keys.begin(); next != keys.end();) {
        const auto end = next + std::min(keys.end() - next, elements_per_message);
        auto& m = push(NFT_MSG_DELSETELEM, 0, table, table.act("delete elements from set", set));
        put_elements(m, table, set, [&] {
            for (; next != end; ++next) put_key(m, *next);
        });
    }
    return *this;
}

// As with rules: a deletion that names no elements is one of all (nf_tables_delsetelem).
Batch& Batch::flush_set(const Table& table, const std::string& set) {
    push(NFT_MSG_DELSETELEM, 0, table, table.act("flush set", set))
        .put_string(NFTA_SET_ELEM_LIST_TABLE, table.name)
        .put_string(NFTA_SET_ELEM_LIST_SET, set);
    return *this;
}

}  // namespace cni::nft
