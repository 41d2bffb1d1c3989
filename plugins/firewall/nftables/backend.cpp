#include "backend.h"

#include <algorithm>
#include <map>
#include <set>

#include "admission.h"
#include "base/error.h"
#include "layout.h"
#include "netfilter/nft_commit.h"
#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"

namespace cni::firewall::nftables {
namespace {

using nft::Batch;
using nft::Bytes;
using nft::Connection;
using nft::Element;

constexpr std::string_view act = "containers are let through";
constexpr Policy with_holders[] = {Policy::same_bridge, Policy::isolated};

/// What an attachment has.
struct Record {
    std::optional<Held> held = {};
    std::string port = {};  ///< of an isolated one
    bool empty() const { return !held && port.empty(); }
    bool operator==(const Record&) const = default;
};

std::string name_in(const Bytes& bytes) {
    return {bytes.begin(), std::find(bytes.begin(), bytes.end(), 0)};
}

/// An element of an attachment, if it is one of its own.
std::optional<Element> find_own(Connection& nft, const nft::Table& table, const std::string& map,
                                const Bytes& key, const IsOwners& is_owners) {
    auto element = nft.find_element(table, map, key);
    if (!element || !is_owners(element->comment)) return {};
    return element;
}

std::string find_port(Connection& nft, const Bytes& key, const IsOwners& is_owners) {
    const auto element = find_own(nft, bridge_table, ports, key, is_owners);
    const auto* name = element ? std::get_if<Bytes>(&element->value) : nullptr;
    return name ? name_in(*name) : "";
}

Record find_record(Connection& nft, const Bytes& key, const IsOwners& is_owners) {
    const auto element = find_own(nft, inet_table, attachments, key, is_owners);
    const auto* jump = element ? std::get_if<nft::Verdict>(&element->value) : nullptr;
    return {jump ? parse_holder(jump->chain) : std::nullopt, find_port(nft, key, is_owners)};
}

Record record_of(const Passage& passage) {
    if (passage.policy == Policy::open) return {};
    return {Held{passage.policy, passage.bridge},
            passage.policy == Policy::isolated ? passage.port : ""};
}

/// How many attachments a policy is there for on some bridges, now and with the changes.
class Holders {
public:
    explicit Holders(Connection& nft) : nft_(nft) {}

    void count(const Held& held, int change) { changes_[held.bridge][held.policy] += change; }

    /// What elements are to refer to.
    void put_chains(Batch& batch) {
        for_each([&](const std::string& chain, std::int64_t now, std::int64_t then) {
            if (now < 0 && then > 0) batch.add_chain(inet_table, chain);
        });
    }
    /// What they no longer refer to, and what follows from it for the bridges.
    void put_rest(Batch& batch) {
        for_each([&](const std::string& chain, std::int64_t now, std::int64_t then) {
            if (now >= 0 && then <= 0) batch.delete_chain(inet_table, chain);
        });
        for (const auto& [bridge, change] : changes_) put_policy(batch, bridge);
    }

private:
    /// -1 without a chain.
    std::int64_t uses(const std::string& chain) {
        const auto found = nft_.find_chain(inet_table, chain);
        return found ? std::int64_t{found->uses} : -1;
    }
    std::int64_t uses_then(Policy policy, const std::string& bridge) {
        const std::int64_t now = uses(holder(policy, bridge));
        return (now < 0 ? 0 : now) + changes_[bridge][policy];
    }
    template <typename F>
    void for_each(F&& body) {
        for (const auto& [bridge, change] : changes_)
            for (const Policy policy : with_holders) {
                const std::string chain = holder(policy, bridge);
                body(chain, uses(chain), uses_then(policy, bridge));
            }
    }
    void put_policy(Batch& batch, const std::string& bridge) {
        std::optional<Element> wanted;
        // The stricter one last.
        for (const Policy policy : with_holders)
            if (uses_then(policy, bridge) > 0) wanted = bridge_element(bridge, policy);
        const Bytes name = nft::interface_name(bridge);
        const auto present = nft_.find_element(inet_table, on_bridge, bridge_key(bridge));
        if (present && present != wanted)
            batch.delete_element(inet_table, on_bridge, bridge_key(bridge));
        if (wanted && present != wanted) batch.create_elements(inet_table, on_bridge, {*wanted});
        const bool is_policed = nft_.find_element(inet_table, policed, name).has_value();
        if (wanted && !is_policed) batch.create_elements(inet_table, policed, {{.key = name}});
        if (!wanted && is_policed) batch.delete_element(inet_table, policed, name);
    }

    Connection& nft_;
    std::map<std::string, std::map<Policy, std::int64_t>> changes_;  // by bridge
};

/// Takes the elements of a record back.
void put_deletion(Connection& nft, Batch& batch, const Bytes& key, const Record& record,
                  const IsOwners& is_owners) {
    if (record.held) batch.delete_element(inet_table, attachments, key);
    if (record.port.empty()) return;
    batch.delete_element(bridge_table, ports, key);
    const Bytes port = nft::interface_name(record.port);
    if (find_own(nft, bridge_table, isolated, port, is_owners))
        batch.delete_element(bridge_table, isolated, port);
}

/// Makes the port one of an isolated container, whoever it was of.
void put_port(Connection& nft, Batch& batch, const Element& wanted, const Record& earlier,
              const std::string& name, const IsOwners& is_owners) {
    batch.create_elements(bridge_table, ports, {wanted});
    const Bytes port = nft::interface_name(name);
    const auto present = nft.find_element(bridge_table, isolated, port);
    const bool is_deleted = present && earlier.port == name && is_owners(present->comment);
    if (present && !is_deleted) batch.delete_element(bridge_table, isolated, port);
    batch.create_elements(bridge_table, isolated, {{.key = port, .comment = wanted.comment}});
}

bool is_whole(Connection& nft, const Record& record, const IsOwners& is_owners) {
    if (!record.held) return true;
    const auto& [policy, bridge] = *record.held;
    const auto element = nft.find_element(inet_table, on_bridge, bridge_key(bridge));
    const bool is_on_bridge = element == bridge_element(bridge, policy) ||
                              element == bridge_element(bridge, Policy::isolated);
    return is_on_bridge && nft.find_element(inet_table, policed, nft::interface_name(bridge)) &&
           (record.port.empty() ||
            find_own(nft, bridge_table, isolated, nft::interface_name(record.port), is_owners));
}

void require_nobody_else(Connection& nft, const Bytes& key, const IsOwners& is_owners) {
    const auto element = nft.find_element(inet_table, attachments, key);
    if (element && !is_owners(element->comment))
        throw Error(Code::internal, "another attachment has the same hashes in nftables",
                    element->comment);
}

void put_removal(Connection& nft, Batch& batch, const Bytes& key, const IsOwners& is_owners) {
    const Record record = find_record(nft, key, is_owners);
    if (record.empty()) return;
    Holders holders(nft);
    if (record.held) holders.count(*record.held, -1);
    put_deletion(nft, batch, key, record, is_owners);
    holders.put_rest(batch);
}

void remove(Connection& nft, const Bytes& key, const IsOwners& is_owners) {
    nft::commit_unchanged(nft, act, [&](Batch& batch) {
        put_removal(nft, batch, key, is_owners);
        put_admission_removal(nft, batch, nft::parse_owner_key(key), is_owners);
    });
}

IsOwners is_of(const Owner& owner) {
    return [&owner](std::string_view comment) { return is_comment_of(owner, comment); };
}

Bytes key_of(const Owner& owner) {
    return nft::owner_key(owner_hashes(owner), 0);
}

void put_passage(Connection& nft, Batch& batch, const Passage& passage, const IsOwners& is_owners) {
    const Bytes key = key_of(passage.owner);
    const std::string comment = owner_comment(passage.owner);
    const Record wanted = record_of(passage);
    require_nobody_else(nft, key, is_owners);
    const Record earlier = find_record(nft, key, is_owners);
    if (earlier == wanted && is_whole(nft, wanted, is_owners)) return;
    Holders holders(nft);
    if (earlier.held) holders.count(*earlier.held, -1);
    if (wanted.held) holders.count(*wanted.held, +1);
    holders.put_chains(batch);
    put_deletion(nft, batch, key, earlier, is_owners);
    if (wanted.held)
        batch.create_elements(
            inet_table, attachments,
            {{.key = key,
              .value = nft::jump(holder(wanted.held->policy, wanted.held->bridge)),
              .comment = comment}});
    if (!wanted.port.empty())
        put_port(nft, batch,
                 {.key = key, .value = nft::interface_name(wanted.port), .comment = comment},
                 earlier, wanted.port, is_owners);
    holders.put_rest(batch);
}

}  // namespace

void add(Connection& nft, const Passage& passage) try {
    const IsOwners is_owners = is_of(passage.owner);
    if (passage.policy == Policy::isolated && passage.port.empty())
        throw Error(Code::invalid_config,
                    cat("prevResult names no port of bridge ", quote(passage.bridge)),
                    "the interface of the host that leads to the container must be in it");
    nft::commit_unchanged(nft, act, [&](Batch& batch) {
        put_skeleton(nft, batch, passage.admin_chain, passage.policy);
        put_passage(nft, batch, passage, is_owners);
        put_admission(nft, batch, passage, is_owners);
    });
} catch (const NlError& refusal) {
    // The kernel's word where it has no tracking of connections for a family (nf_ct_netns_do_get).
    if (!passage.door.is_bridge_port || refusal.error != EPROTO) throw;
    throw Error(
        Code::internal, refusal.msg,
        "rules for containers on bridges need a kernel that tracks connections there: Linux "
        "5.3, with nf_conntrack_bridge");
}

void check(Connection& nft, const Passage& passage) {
    const auto report = [](const std::string& what) {
        throw Error(Code::internal, cat("firewall: ", what, " is missing or differs"));
    };
    if (const auto fault = skeleton_fault(nft, passage.admin_chain, passage.policy)) report(*fault);
    const Record wanted = record_of(passage);
    const IsOwners is_owners = is_of(passage.owner);
    if (find_record(nft, key_of(passage.owner), is_owners) != wanted)
        report(cat("the attachment's element of map attachments in nftables table ",
                   inet_table.to_string()));
    if (!is_whole(nft, wanted, is_owners))
        report(cat("what keeps ", passage.bridge, " apart in nftables table ",
                   inet_table.to_string(), " or ", bridge_table.to_string()));
    if (const auto fault = admission_fault(nft, passage, is_owners)) report(*fault);
}

void remove(Connection& nft, const Owner& owner) {
    remove(nft, key_of(owner), is_of(owner));
}

void gc(Connection& nft, const std::string& network, const std::vector<Owner>& valid) {
    std::set<Bytes> kept;
    for (const Owner& owner : valid)
        kept.insert(key_of({network, owner.container_id, owner.ifname}));
    const auto is_of_network = [&](std::string_view comment) {
        return is_comment_of_network(network, comment);
    };
    for (const auto& [table, map] : {std::pair(inet_table, attachments), {bridge_table, ports}})
        for (const Element& element : nft.elements(table, map))
            if (is_of_network(element.comment) && !kept.contains(element.key))
                remove(nft, element.key, is_of_network);
    for (const std::string& hashes : admitted_hashes(nft, is_of_network))
        if (const Bytes key = nft::owner_key(hashes, 0); !kept.contains(key))
            remove(nft, key, is_of_network);
}

std::optional<std::string> problem(Connection& nft, const std::string& admin_chain, Policy policy,
                                   const Admission& admission) {
    Batch batch;
    put_skeleton(nft, batch, admin_chain, policy);
    if (!batch.empty())
        if (auto refusal = nft.rehearse(std::move(batch))) return refusal;
    return admission_problem(nft, admission);
}

}  // namespace cni::firewall::nftables
