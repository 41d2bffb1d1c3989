#include "netfilter/nft.h"
#include "netfilter/nft_wire.h"

namespace cni::nft {
namespace {

constexpr int create = NLM_F_CREATE;

// Type numbers of libnftnl's user data (libnftnl/udata.h); comments of all other objects are 0.
constexpr std::uint8_t comment_of_set = 7;
constexpr std::uint8_t comment_of_rest = 0;

void put_comment(NlMessage& message, int attribute, const std::string& comment,
                 std::uint8_t type = comment_of_rest) {
    if (comment.empty()) return;
    if (comment.size() > comment_max)
        throw Error(Code::internal, cat("comment is longer than ", comment_max, " bytes"), comment);
    // Type, length, and the text with its terminating zero.
    Bytes tlv{type, static_cast<std::uint8_t>(comment.size() + 1)};
    tlv.insert(tlv.end(), comment.c_str(), comment.c_str() + comment.size() + 1);
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
    constexpr int bits_per_type = 6;
    std::uint32_t out = 0;
    for (const auto type : types) out = out << bits_per_type | type;
    return out;
}

Bytes concatenated_key(std::initializer_list<Bytes> fields) {
    Bytes out;
    for (const Bytes& field : fields) {
        out.insert(out.end(), field.begin(), field.end());
        out.resize((out.size() + 3) / 4 * 4);
    }
    return out;
}

NlMessage& Batch::push(int type, int flags, const Table& table, std::string act) {
    requests_.push_back({table_message(type, flags, table), std::move(act), ENOENT});
    return requests_.back().message;
}

void Batch::insist() {
    for (NlRequest& r : requests_) r.tolerated = 0;
}

Batch& Batch::add_table(const Table& table, const std::string& comment) {
    auto& m = push(NFT_MSG_NEWTABLE, create, table, cat("add nftables table ", table.to_string()));
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

Batch& Batch::add_set(const Table& table, const Set& set) {
    const bool is_map = set.data_length != 0 || set.data_type != 0;
    auto& m = push(NFT_MSG_NEWSET, create, table, table.act("add set", set.name));
    m.put_string(NFTA_SET_TABLE, table.name).put_string(NFTA_SET_NAME, set.name);
    m.put_be32(NFTA_SET_FLAGS, set.flags | (is_map ? NFT_SET_MAP : 0));
    m.put_be32(NFTA_SET_KEY_TYPE, set.key_type).put_be32(NFTA_SET_KEY_LEN, set.key_length);
    if (is_map) {
        m.put_be32(NFTA_SET_DATA_TYPE, set.data_type);
        if (set.data_type != NFT_DATA_VERDICT) m.put_be32(NFTA_SET_DATA_LEN, set.data_length);
    }
    // The kernel wants a number for sets that the same batch refers to before they have a name.
    m.put_be32(NFTA_SET_ID, ++set_id_);
    put_comment(m, NFTA_SET_USERDATA, set.comment, comment_of_set);
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
    put_element(m, table, set, [&] {
        put_data(m, NFTA_SET_ELEM_KEY, element.key);
        put_value(m, element);
        put_comment(m, NFTA_SET_ELEM_USERDATA, element.comment);
    });
    return *this;
}

Batch& Batch::delete_element(const Table& table, const std::string& set, const Bytes& key) {
    auto& m = push(NFT_MSG_DELSETELEM, 0, table, table.act("delete an element from set", set));
    put_element(m, table, set, [&] { put_data(m, NFTA_SET_ELEM_KEY, key); });
    return *this;
}

Batch& Batch::flush_set(const Table& table, const std::string& set) {
    push(NFT_MSG_DELSETELEM, 0, table, table.act("flush set", set))
        .put_string(NFTA_SET_ELEM_LIST_TABLE, table.name)
        .put_string(NFTA_SET_ELEM_LIST_SET, set);
    return *this;
}

}  // namespace cni::nft
