#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "netfilter/nft.h"
#include "netfilter/nft_wire.h"

namespace cni::nft {
namespace {

// A listing that others keep disturbing is repeated this often. What it shows then is still right
// rule by rule; a rule is skipped only when one ahead of it went at the wrong moment, every time.
constexpr int listings = 8;

// The kernel keeps user data as it is. By the custom of libnftnl (libnftnl/udata.h) it is a list of
// types and lengths, of a byte each, with values behind them.
std::string comment_of(std::span<const std::uint8_t> userdata) {
    constexpr std::uint8_t comment_type = 0;
    while (userdata.size() >= 2 && userdata.size() >= 2u + userdata[1]) {
        const auto value = userdata.subspan(2, userdata[1]);
        if (userdata[0] == comment_type) {
            const auto end = std::find(value.begin(), value.end(), 0);
            return {value.begin(), end};
        }
        userdata = userdata.subspan(2 + value.size());
    }
    return {};
}

std::optional<ListedRule> parse_listed(const nlmsghdr* message,
                                       const Connection::CommentFilter& keep) {
    const auto rule = attributes_of<NFTA_RULE_MAX>(message);
    std::string comment = comment_of(rule.bytes(NFTA_RULE_USERDATA));
    if (keep && !keep(comment)) return {};
    return ListedRule{handle_of(rule[NFTA_RULE_HANDLE]), std::move(comment),
                      parse_rule(rule[NFTA_RULE_EXPRESSIONS])};
}

Element parse_element(const nlattr* nest) {
    const NlAttributes<NFTA_SET_ELEM_MAX> attributes(nest);
    Element out{.key = parse_data(attributes[NFTA_SET_ELEM_KEY]),
                .comment = comment_of(attributes.bytes(NFTA_SET_ELEM_USERDATA))};
    const nlattr* value = attributes[NFTA_SET_ELEM_DATA];
    if (auto verdict = parse_verdict(value))
        out.value = *std::move(verdict);
    else if (value)
        out.value = parse_data(value);
    return out;
}

void parse_elements(const nlmsghdr* message, std::vector<Element>& out) {
    const auto list = attributes_of<NFTA_SET_ELEM_LIST_MAX>(message);
    const nlattr* elements = list[NFTA_SET_ELEM_LIST_ELEMENTS];
    if (!elements) return;
    int left = nla_len(elements);
    for (auto* e = static_cast<const nlattr*>(nla_data(elements)); nla_ok(e, left);
         e = nla_next(e, &left))
        out.push_back(parse_element(e));
}

NlError absence(int error) {
    return {"use nftables", error,
            "the kernel has no nf_tables: modprobe nf_tables, or have iptables as the backend"};
}

}  // namespace

Connection::Connection() {
    try {
        socket_.emplace(NETLINK_NETFILTER);
    } catch (const SysError& error) {
        if (error.error != EPROTONOSUPPORT) throw;
    }
}

NlSocket& Connection::socket() {
    if (!socket_) throw absence(EPROTONOSUPPORT);
    return *socket_;
}

bool Connection::available() {
    if (!available_) generation();
    return *available_;
}

void Connection::commit(Batch batch) {
    batch.insist();
    try_commit(std::move(batch));
}

// nfnetlink answers a whole batch so for a subsystem that it does not know.
bool Connection::is_of_absence(const NlError& refusal) {
    return refusal.error == EOPNOTSUPP && !available();
}

Outcome Connection::try_commit(Batch batch, std::optional<std::uint32_t> generation) try {
    const bool deletes = batch.deletes();
    switch (socket().commit_batch(batch.release(), NFNL_SUBSYS_NFTABLES, generation)) {
        case 0:
            has_deleted_ = has_deleted_ || deletes;
            return Outcome::done;
        // The kernel compares generations while it holds off all other batches (NFNL_BATCH_GENID,
        // nfnetlink_rcv_batch).
        case ERESTART:
            return Outcome::changed;
        // A jump leads to what is to be deleted, or some kernels' word for an element that is
        // there.
        case EEXIST:
        case EBUSY:
            return Outcome::exists;
        default:
            return Outcome::missing;
    }
} catch (const NlError& refusal) {
    if (is_of_absence(refusal)) throw absence(refusal.error);
    throw;
}

std::optional<std::string> Connection::rehearse(Batch batch) try {
    socket().rehearse_batch(batch.release(), NFNL_SUBSYS_NFTABLES);
    return {};
} catch (const NlError& refusal) {
    return is_of_absence(refusal) ? absence(refusal.error).what() : refusal.what();
}

void Connection::query(NlMessage message, std::string act, int absent,
                       const NlSocket::Visitor& visit) {
    socket().request({std::move(message), std::move(act), absent}, visit);
}

std::optional<std::uint32_t> Connection::generation() {
    std::optional<std::uint32_t> out;
    const auto visit = [&](const nlmsghdr* answer) {
        out = ntohl(attributes_of<NFTA_GEN_MAX>(answer).get_or<std::uint32_t>(NFTA_GEN_ID, 0));
    };
    // EINVAL: nfnetlink knows no such subsystem.
    if (socket_)
        query(table_message(NFT_MSG_GETGEN, 0, {NFPROTO_UNSPEC, {}}),
              "ask nftables for its generation", EINVAL, visit);
    available_ = out.has_value();
    return out;
}

bool Connection::has_table(const Table& table) {
    bool found = false;
    if (!available()) return found;
    NlMessage message = table_message(NFT_MSG_GETTABLE, 0, table);
    message.put_string(NFTA_TABLE_NAME, table.name);
    query(std::move(message), cat("look for nftables table ", table.to_string()), ENOENT,
          [&](const nlmsghdr*) { found = true; });
    return found;
}

std::optional<ListedChain> Connection::find_chain(const Table& table, const std::string& chain) {
    std::optional<ListedChain> out;
    if (!available()) return out;
    NlMessage message = table_message(NFT_MSG_GETCHAIN, 0, table);
    message.put_string(NFTA_CHAIN_TABLE, table.name).put_string(NFTA_CHAIN_NAME, chain);
    query(std::move(message), table.act("look for chain", chain), ENOENT,
          [&](const nlmsghdr* answer) { out = parse_chain(answer); });
    return out;
}

std::vector<ListedChain> Connection::chains(const Table& table) {
    std::vector<ListedChain> out;
    if (!available()) return out;
    // A dump of chains is of all tables of the family, whatever the request names
    // (nf_tables_dump_chains).
    const auto visit = [&](const nlmsghdr* answer) {
        if (attributes_of<NFTA_CHAIN_MAX>(answer).string(NFTA_CHAIN_TABLE) == table.name)
            out.push_back(parse_chain(answer));
    };
    for (int i = 0; i < listings; ++i) {
        out.clear();
        if (socket().dump_once({table_message(NFT_MSG_GETCHAIN, 0, table),
                                cat("list the chains of nftables table ", table.to_string())},
                               visit))
            break;
    }
    return out;
}

std::optional<ListedRule> Connection::find_rule(const Table& table, const std::string& chain,
                                                std::uint64_t handle) {
    std::optional<ListedRule> out;
    if (!available()) return out;
    NlMessage message = table_message(NFT_MSG_GETRULE, 0, table);
    message.put_string(NFTA_RULE_TABLE, table.name).put_string(NFTA_RULE_CHAIN, chain);
    message.put_be64(NFTA_RULE_HANDLE, handle);
    query(std::move(message), table.act("look for a rule of chain", chain), ENOENT,
          [&](const nlmsghdr* answer) { out = parse_listed(answer, {}); });
    return out;
}

std::vector<ListedRule> Connection::rules(const Table& table, const std::string& chain,
                                          const CommentFilter& keep) {
    std::vector<ListedRule> all;
    if (!available()) return all;
    // With table and chain in the request the kernel dumps no other chain (nf_tables_dump_rules).
    // It goes on by counting rules, not by handle: one is skipped when one ahead of it has gone.
    for (int i = 0; i < listings; ++i) {
        NlMessage message = table_message(NFT_MSG_GETRULE, 0, table);
        message.put_string(NFTA_RULE_TABLE, table.name).put_string(NFTA_RULE_CHAIN, chain);
        std::vector<ListedRule> listing;
        const bool undisturbed =
            socket().dump_once({std::move(message), table.act("list chain", chain), ENOENT},
                               [&](const nlmsghdr* answer) {
                                   if (auto rule = parse_listed(answer, keep))
                                       listing.push_back(*std::move(rule));
                               });
        if (undisturbed) return listing;
        std::move(listing.begin(), listing.end(), std::back_inserter(all));
    }
    std::ranges::sort(all, {}, &ListedRule::handle);
    const auto same_handle = [](const auto& a, const auto& b) { return a.handle == b.handle; };
    all.erase(std::unique(all.begin(), all.end(), same_handle), all.end());
    return all;
}

bool Connection::has_set(const Table& table, const std::string& set) {
    bool found = false;
    if (!available()) return found;
    NlMessage message = table_message(NFT_MSG_GETSET, 0, table);
    message.put_string(NFTA_SET_TABLE, table.name).put_string(NFTA_SET_NAME, set);
    query(std::move(message), table.act("look for set", set), ENOENT,
          [&](const nlmsghdr*) { found = true; });
    return found;
}

std::vector<std::string> Connection::sets(const Table& table) {
    std::vector<std::string> out;
    if (!available()) return out;
    for (int i = 0; i < listings; ++i) {
        out.clear();
        NlMessage message = table_message(NFT_MSG_GETSET, 0, table);
        message.put_string(NFTA_SET_TABLE, table.name);
        if (socket().dump_once({std::move(message), table.act("list", "the sets"), ENOENT},
                               [&](const nlmsghdr* answer) {
                                   const auto set = attributes_of<NFTA_SET_MAX>(answer);
                                   out.emplace_back(set.string(NFTA_SET_NAME));
                               }))
            break;
    }
    return out;
}

std::vector<Element> Connection::elements(const Table& table, const std::string& set) {
    std::vector<Element> out;
    if (!available()) return out;
    const auto make = [&] {
        NlMessage message = table_message(NFT_MSG_GETSETELEM, 0, table);
        message.put_string(NFTA_SET_ELEM_LIST_TABLE, table.name);
        message.put_string(NFTA_SET_ELEM_LIST_SET, set);
        return message;
    };
    for (int i = 0; i < listings; ++i) {
        out.clear();
        if (socket().dump_once({make(), table.act("list set", set), ENOENT},
                               [&](const nlmsghdr* answer) { parse_elements(answer, out); }))
            break;
    }
    return out;
}

std::optional<Element> Connection::find_element(const Table& table, const std::string& set,
                                                const Bytes& key) {
    std::vector<Element> found;
    if (!available()) return {};
    NlMessage message = table_message(NFT_MSG_GETSETELEM, 0, table);
    put_elements(message, table, set, [&] { put_key(message, key); });
    query(std::move(message), table.act("look for an element of set", set), ENOENT,
          [&](const nlmsghdr* answer) { parse_elements(answer, found); });
    if (found.empty()) return {};
    return found.front();
}

bool contains_in_order(const std::vector<ListedRule>& listed, const std::vector<Rule>& wanted) {
    auto next = wanted.begin();
    for (const ListedRule& rule : listed)
        if (next != wanted.end() && equivalent(rule.rule, *next)) ++next;
    return next == wanted.end();
}

}  // namespace cni::nft
