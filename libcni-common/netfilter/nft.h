#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "netfilter/nft_expr.h"
#include "netlink/nl_socket.h"

namespace cni::nft {

struct Table {
    std::uint8_t family;  // NFPROTO_INET, NFPROTO_IPV4, NFPROTO_BRIDGE, ...
    const char* name;     // a literal: constants of this are there without a start of theirs
    /// "inet cni_plugins_masquerade"
    std::string to_string() const;
    /// "<act> <object> of nftables table inet cni_plugins_masquerade": for messages.
    std::string act(std::string_view act, std::string_view object) const;
};

/// Where the kernel calls a base chain.
struct Hook {
    std::string type;      // "nat", "filter", "route"
    std::uint32_t number;  // NF_INET_POST_ROUTING, NF_BR_PRE_ROUTING, ...
    std::int32_t priority;
    std::uint32_t policy = NF_ACCEPT;
    bool operator==(const Hook&) const = default;
    /// Called for the same packets at the same time; the policy is its administrator's.
    bool is_same_place(const Hook& other) const {
        return type == other.type && number == other.number && priority == other.priority;
    }
};

/// A set, or a map when data_length is not 0 (a verdict map: data_type NFT_DATA_VERDICT, and any
/// data_length). Type numbers are those of `nft` and only serve its listing; lengths are in bytes.
struct Set {
    std::string name;
    std::uint32_t key_type;
    std::uint32_t key_length;
    std::uint32_t data_type = 0;
    std::uint32_t data_length = 0;
    std::uint32_t flags = 0;  // NFT_SET_*; NFT_SET_MAP is implied
    std::string comment = {};
};

/// Type numbers of `nft` for Set::key_type and data_type.
enum Type : std::uint32_t {
    type_ipv4_addr = 7,
    type_ipv6_addr = 8,
    type_ether_addr = 9,
    type_inet_proto = 12,
    type_inet_service = 13,
    type_mark = 19,
    type_ifname = 41,
};
/// The type of a concatenation ("ipv4_addr . inet_service"): at most five types.
std::uint32_t concatenated(std::initializer_list<std::uint32_t> types);
/// The key of a concatenation: each field padded to 4 bytes.
Bytes concatenated_key(std::initializer_list<Bytes> fields);

struct Element {
    Bytes key;
    std::variant<std::monostate, Bytes, Verdict> value = {};
    std::string comment = {};
    bool operator==(const Element&) const = default;
};

/// What the kernel's compatibility layer wants to know of a rule besides its expressions: which
/// protocol (IPPROTO_*, 0 for any) it matches.
struct XtProtocol {
    std::uint8_t number = 0;
    bool inverted = false;
};

enum class Place { first, last };

/// Comments longer than this do not fit into the kernel's user data (rules, elements, objects).
constexpr std::size_t comment_max = 253;
/// Names of tables, chains and sets.
constexpr std::size_t name_max = NFT_NAME_MAXLEN - 1;

/// Changes that take effect at once, in order, or not at all. Comments are what `nft` shows; those
/// of tables and chains are ignored by kernels before 5.10, which cannot store them.
/// A comment beyond comment_max throws Error when it is put, before anything is done.
class Batch {
public:
    /// Made unless it exists.
    Batch& add_table(const Table& table, const std::string& comment = {});
    /// With everything in it. The commit ends in Outcome::missing when there is none.
    Batch& delete_table(const Table& table);

    /// Made unless it exists; an existing one with another hook fails the batch. An existing one
    /// counts as changed for the kernel, and closing the connection waits as after a deletion (see
    /// Connection): look before adding one.
    Batch& add_chain(const Table& table, const std::string& chain,
                     const std::optional<Hook>& hook = {}, const std::string& comment = {});
    Batch& flush_chain(const Table& table, const std::string& chain);
    /// With its rules. Fails with EBUSY while a rule of another chain jumps to it.
    Batch& delete_chain(const Table& table, const std::string& chain);

    /// At the end of the chain.
    Batch& add_rule(const Table& table, const std::string& chain, const Rule& rule,
                    const std::string& comment = {});
    /// A rule with expressions of iptables in it.
    Batch& add_xt_rule(const Table& table, const std::string& chain, const Rule& rule,
                       XtProtocol protocol, Place place = Place::last);
    Batch& delete_rule(const Table& table, const std::string& chain, std::uint64_t handle);

    /// Made unless it exists.
    Batch& add_set(const Table& table, const Set& set);
    Batch& delete_set(const Table& table, const std::string& set);
    /// Present already with the same value: nothing changes (its comment neither); with another
    /// value the batch fails with EEXIST.
    Batch& add_element(const Table& table, const std::string& set, const Element& element);
    /// By its key.
    Batch& delete_element(const Table& table, const std::string& set, const Bytes& key);
    Batch& delete_elements(const Table& table, const std::string& set,
                           const std::vector<Bytes>& keys);
    Batch& flush_set(const Table& table, const std::string& set);

    // The same for what must not exist yet, not even with the same value: the commit ends in
    // Outcome::exists when it does.
    Batch& create_chain(const Table& table, const std::string& chain);
    Batch& create_set(const Table& table, const Set& set);
    Batch& create_elements(const Table& table, const std::string& set,
                           const std::vector<Element>& elements);

    /// From here on what is missing or exists is an error of the commit, not an outcome.
    void insist();

    bool empty() const { return requests_.empty(); }
    /// Whether it deletes something, so that the kernel has something to give up (closing.h).
    bool deletes() const { return deletes_; }
    const std::vector<NlRequest>& requests() const { return requests_; }
    std::vector<NlRequest> release() { return std::move(requests_); }

private:
    NlMessage& push(int type, int flags, const Table& table, std::string act);
    NlMessage& push_exclusive(int type, const Table& table, std::string act);
    void put_set(NlMessage& message, const Table& table, const Set& set);
    std::vector<NlRequest> requests_;
    bool deletes_ = false;
    std::uint32_t set_id_ = 0;
};

struct ListedRule {
    std::uint64_t handle;
    std::string comment;
    Rule rule;
};

struct ListedChain {
    std::string name;
    std::uint64_t handle;
    std::uint32_t uses;        // rules in it, and jumps to it
    std::optional<Hook> hook;  // of a base chain
};

enum class Outcome {
    done,
    missing,  // a table, chain, set or rule it names does not exist: nothing was done
    exists,   // something that it creates exists: nothing was done
    changed,  // the ruleset is no longer of the generation given: nothing was done
};

/// A conversation with nf_tables of one network namespace.
///
/// Closing it soon after something was deleted takes its time, and that of others: closing.h. So it
/// is opened once for an operation, and closed last: see Departure (attach/departure.h).
class Connection {
public:
    /// In the namespace of the calling thread. Throws SysError; a kernel without netfilter's
    /// netlink is no error before something is committed.
    Connection();

    /// The socket itself, for other subsystems of netfilter, so that there is one to be closed.
    /// Null where the kernel has no netfilter.
    NlSocket* find_socket() { return socket_ ? &*socket_ : nullptr; }

    /// Whether a commit deleted something.
    bool has_deleted() const { return has_deleted_; }

    /// Everything in the batch, or NlError. An empty batch is not sent.
    void commit(Batch batch);
    /// Like commit, but what others may have done meanwhile is no error.
    Outcome try_commit(Batch batch, std::optional<std::uint32_t> generation = {});
    /// Why commit would fail; nullopt when it would not. Nothing is done, but it takes an RCU grace
    /// period.
    std::optional<std::string> rehearse(Batch batch);

    /// Changes with every commit of anyone in the namespace; nullopt when the kernel has no
    /// nf_tables.
    std::optional<std::uint32_t> generation();

    // Queries; where the kernel has no nf_tables, nothing exists.
    bool has_table(const Table& table);
    std::optional<ListedChain> find_chain(const Table& table, const std::string& chain);
    /// All of a table; the kernel shows those of every table of the family. Others may change them
    /// meanwhile.
    std::vector<ListedChain> chains(const Table& table);
    std::optional<ListedRule> find_rule(const Table& table, const std::string& chain,
                                        std::uint64_t handle);

    using CommentFilter = std::function<bool(std::string_view comment)>;
    /// The rules of one chain whose comment passes, in order; none when there is no such chain.
    /// 2 us for each rule the chain has, whether it passes or not. When others keep changing the
    /// ruleset while it is read, a rule may be listed that is gone.
    std::vector<ListedRule> rules(const Table& table, const std::string& chain,
                                  const CommentFilter& keep = {});

    bool has_set(const Table& table, const std::string& set);
    /// Names of all sets and maps of the table.
    std::vector<std::string> sets(const Table& table);
    /// All elements; none when there is no such set. Some may be missing or listed twice while
    /// the kernel rearranges a set that has grown or shrunk just now.
    std::vector<Element> elements(const Table& table, const std::string& set);
    /// One element by its key.
    std::optional<Element> find_element(const Table& table, const std::string& set,
                                        const Bytes& key);

private:
    bool available();
    /// Where it is that the kernel has no nf_tables.
    bool is_of_absence(const NlError& refusal);
    NlSocket& socket();
    void query(NlMessage message, std::string act, int absent, const NlSocket::Visitor& visit);
    std::optional<NlSocket> socket_;
    std::optional<bool> available_;
    bool has_deleted_ = false;
};

/// All of `wanted` among the listed rules, in their order; others may stand between them.
bool contains_in_order(const std::vector<ListedRule>& listed, const std::vector<Rule>& wanted);

/// Deletes the rules of a chain whose comment passes, and nobody else's: a handle is used only
/// while the ruleset is the one it was read from. Returns how many.
///
/// `also` puts further changes into the same batch (the last one, when there are so many rules
/// that several are needed). It is called anew for each try, one of which follows when something
/// it names turns out to be missing, so that it can make that.
/// Throws NlError; Error(try_again_later) when others change the ruleset without a pause.
std::size_t delete_rules(Connection& nft, const Table& table, const std::string& chain,
                         const Connection::CommentFilter& ours,
                         const std::function<void(Batch&)>& also = {});

/// The same for rules whose handles the caller thinks to know, without listing the chain: those
/// that do not exist or whose comment does not pass are left out. With no handles only `also` is
/// done.
std::size_t delete_rules(Connection& nft, const Table& table, const std::string& chain,
                         const Connection::CommentFilter& ours, std::vector<std::uint64_t> handles,
                         const std::function<void(Batch&)>& also = {});

}  // namespace cni::nft
