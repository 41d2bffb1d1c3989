#include "admission.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "admission_layout.h"
#include "base/error.h"
#include "base/warn.h"
#include "layout.h"
#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"

namespace cni::firewall::nftables {
namespace {

using nft::Batch;
using nft::Bytes;
using nft::Connection;
using nft::Element;
using nft::Table;

const Table* const tables[] = {&inet_table, &bridge_table};
constexpr std::size_t place_of_interface = 0;

/// Changes, by which nothing is taken twice.
class Changes {
public:
    Changes(Connection& nft, Batch& batch) : nft_(nft), batch_(batch) {}

    /// The element, if there is one that `is_meant`.
    void remove(
        const Table& table, const std::string& set, const Bytes& key,
        const IsOwners& is_meant = [](std::string_view) { return true; }) {
        if (elements_.contains({&table, set, key})) return;
        const auto present = nft_.find_element(table, set, key);
        if (!present || !is_meant(present->comment)) return;
        batch_.delete_element(table, set, key);
        elements_.emplace(&table, set, key);
    }
    /// In place of whosever is there.
    void put(const Table& table, const std::string& set, const Element& element) {
        remove(table, set, element.key);
        batch_.create_elements(table, set, {element});
    }
    /// What leads there goes before.
    void remove_chain(const Table& table, const std::string& chain) {
        if (chains_.contains({&table, chain}) || !nft_.find_chain(table, chain)) return;
        batch_.delete_chain(table, chain);
        chains_.emplace(&table, chain);
    }
    void put_chain(const Table& table, const std::string& chain,
                   const std::vector<ChainRule>& rules) {
        remove_chain(table, chain);
        batch_.create_chain(table, chain);
        for (const auto& [rule, note] : rules) batch_.add_rule(table, chain, rule, note);
    }

private:
    Connection& nft_;
    Batch& batch_;
    std::set<std::tuple<const Table*, std::string, Bytes>> elements_;
    std::set<std::pair<const Table*, std::string>> chains_;
};

/// What stands in `admissions` for one attachment.
struct Record {
    std::string interface = {};
    std::vector<Ip> gate_addresses = {};
    bool operator==(const Record&) const = default;
};

std::optional<Bytes> find_datum(Connection& nft, const Table& table, const std::string& hashes,
                                std::size_t place, const IsOwners& is_owners) {
    const auto element = nft.find_element(table, admissions, nft::owner_key(hashes, place));
    if (!element || !is_owners(element->comment)) return {};
    const auto* datum = std::get_if<Bytes>(&element->value);
    return datum ? *datum : Bytes{};
}

std::optional<Record> find_record(Connection& nft, const Table& table, const std::string& hashes,
                                  const IsOwners& is_owners) {
    const auto name = find_datum(nft, table, hashes, place_of_interface, is_owners);
    if (!name) return {};
    Record out{{name->begin(), std::find(name->begin(), name->end(), 0)}, {}};
    for (const Family family : both_families)
        if (auto bytes = find_datum(nft, table, hashes, place_of(family), is_owners)) {
            bytes->resize(Ip::any(Family::v6).size());
            out.gate_addresses.push_back(Ip::from_bytes(family, bytes->data()));
        }
    return out;
}

// An address that others have by now is theirs to open.
void close_gate(Connection& nft, Changes& changes, const Ip& address, const IsOwners& is_owners) {
    const Bytes key = address_key(address);
    for (const Table* table : tables) {
        const auto gated = nft.find_element(*table, gated_set(address.family()), key);
        if (gated && !is_owners(gated->comment)) continue;
        changes.remove(*table, open_set(address.family()), key);
        changes.remove(*table, gated_set(address.family()), key, is_owners);
    }
}

void take(Connection& nft, Changes& changes, const Table& table, const std::string& hashes,
          const IsOwners& is_owners) {
    const auto record = find_record(nft, table, hashes, is_owners);
    if (!record) return;
    for (const Direction direction : directions) {
        const Bytes interface = nft::interface_name(record->interface);
        changes.remove(table, map_of(direction), interface, is_owners);
        changes.remove_chain(table, chain_of(direction, hashes));
    }
    for (const Ip& address : record->gate_addresses) {
        close_gate(nft, changes, address, is_owners);
        changes.remove(table, admissions, nft::owner_key(hashes, place_of(address.family())));
    }
    changes.remove(table, admissions, nft::owner_key(hashes, place_of_interface));
}

void put_gate_sets(Connection& nft, Batch& batch) {
    for (const Table* table : tables)
        for (const nft::Set& set : gate_sets())
            if (!nft.has_set(*table, set.name)) batch.add_table(*table).add_set(*table, set);
}

void put_gate(Changes& changes, const Passage& passage, const std::string& hashes,
              const std::string& comment) {
    const Table& table = table_of(passage.door);
    for (const Ip& address : passage.gate_addresses) {
        const Family family = address.family();
        const Bytes key = address_key(address);
        for (const Table* each : tables) changes.remove(*each, open_set(family), key);
        changes.put(table, gated_set(family), {.key = key, .comment = comment});
        Bytes datum = key;
        datum.resize(Ip::any(Family::v6).size());
        changes.put(table, admissions,
                    {.key = nft::owner_key(hashes, place_of(family)),
                     .value = std::move(datum),
                     .comment = comment});
    }
}

void put_chains(Changes& changes, const Passage& passage, const std::string& hashes,
                const std::string& comment, const IsOwners& is_owners) {
    const Table& table = table_of(passage.door);
    const Bytes interface = nft::interface_name(passage.door.interface);
    for (const Direction direction : directions) {
        const std::string chain = chain_of(direction, hashes);
        changes.remove(table, map_of(direction), interface, is_owners);
        if (!is_restricted(passage.admission, direction)) continue;
        changes.put_chain(table, chain, chain_rules(passage, direction));
        changes.put(table, map_of(direction),
                    {.key = interface, .value = nft::go_to(chain), .comment = comment});
    }
}

void require_nobody_else(Connection& nft, const Table& table, const std::string& hashes,
                         const IsOwners& is_owners) {
    const auto element =
        nft.find_element(table, admissions, nft::owner_key(hashes, place_of_interface));
    if (element && !is_owners(element->comment))
        throw Error(Code::internal, "another attachment has the same hashes in nftables",
                    element->comment);
}

bool is_in_order(Connection& nft, const Passage& passage, Direction direction,
                 const std::string& hashes) {
    std::vector<nft::Rule> wanted;
    for (const ChainRule& each : chain_rules(passage, direction)) wanted.push_back(each.rule);
    const std::string chain = chain_of(direction, hashes);
    return nft::contains_in_order(nft.rules(table_of(passage.door), chain), wanted);
}

std::optional<std::string> chain_fault(Connection& nft, const Passage& passage, Direction direction,
                                       const IsOwners& is_owners) {
    const Table& table = table_of(passage.door);
    const std::string hashes = owner_hashes(passage.owner);
    const auto element =
        nft.find_element(table, map_of(direction), nft::interface_name(passage.door.interface));
    const bool has_own = element && is_owners(element->comment);
    if (!is_restricted(passage.admission, direction) && !has_own) return {};
    const nft::Verdict wanted = nft::go_to(chain_of(direction, hashes));
    const auto* verdict = has_own ? std::get_if<nft::Verdict>(&element->value) : nullptr;
    if (!is_restricted(passage.admission, direction) || !verdict || *verdict != wanted)
        return cat("the element of ", passage.door.interface, " of map ", map_of(direction),
                   " of nftables table ", table.to_string());
    if (!is_in_order(nft, passage, direction, hashes))
        return cat("chain ", wanted.chain, " of nftables table ", table.to_string());
    return {};
}

std::optional<std::string> gate_fault(Connection& nft, const Passage& passage,
                                      const IsOwners& is_owners) {
    const Table& table = table_of(passage.door);
    for (const Ip& address : passage.gate_addresses) {
        const std::string set = gated_set(address.family());
        const auto element = nft.find_element(table, set, address_key(address));
        if (!element || !is_owners(element->comment))
            return cat(address.to_string(), " of set ", set, " of nftables table ",
                       table.to_string());
    }
    return {};
}

std::optional<std::string> record_fault(Connection& nft, const Passage& passage,
                                        const IsOwners& is_owners) {
    for (const Table* table : tables) {
        std::optional<Record> wanted;
        if (!passage.admission.empty() && table == &table_of(passage.door))
            wanted = Record{passage.door.interface, passage.gate_addresses};
        if (find_record(nft, *table, owner_hashes(passage.owner), is_owners) != wanted)
            return cat("the attachment's element of map ", admissions, " of nftables table ",
                       table->to_string());
    }
    return {};
}

/// What nobody's attachment would take.
Batch rehearsal(Connection& nft, const Admission& admission, bool is_bridge_port) {
    Passage passage;
    passage.admission = admission;
    passage.door.is_bridge_port = is_bridge_port;
    const Table& table = table_of(passage.door);
    Batch batch;
    put(nft, batch, admission_skeleton(table));
    if (admission.is_gated) put_gate_sets(nft, batch);
    if (admission.is_gated) passage.gate_addresses = {Ip::any(Family::v4), Ip::any(Family::v6)};
    for (const Direction direction : directions) {
        const std::string chain = chain_of(direction, "");
        batch.add_chain(table, chain);
        for (const ChainRule& each : chain_rules(passage, direction))
            batch.add_rule(table, chain, each.rule, each.comment);
    }
    return batch;
}

}  // namespace

void put_admission(Connection& nft, Batch& batch, const Passage& passage,
                   const IsOwners& is_owners) {
    const std::string hashes = owner_hashes(passage.owner);
    const std::string comment = owner_comment(passage.owner);
    const Table& table = table_of(passage.door);
    if (!passage.admission.empty()) {
        put(nft, batch, admission_skeleton(table));
        require_nobody_else(nft, table, hashes, is_owners);
    }
    if (passage.admission.is_gated) put_gate_sets(nft, batch);
    Changes changes(nft, batch);
    for (const Table* each : tables) take(nft, changes, *each, hashes, is_owners);
    if (passage.admission.empty()) return;
    put_chains(changes, passage, hashes, comment, is_owners);
    put_gate(changes, passage, hashes, comment);
    changes.put(table, admissions,
                {.key = nft::owner_key(hashes, place_of_interface),
                 .value = nft::interface_name(passage.door.interface),
                 .comment = comment});
}

void put_admission_removal(Connection& nft, Batch& batch, const std::string& hashes,
                           const IsOwners& is_owners) {
    Changes changes(nft, batch);
    for (const Table* table : tables) take(nft, changes, *table, hashes, is_owners);
}

std::optional<std::string> admission_fault(Connection& nft, const Passage& passage,
                                           const IsOwners& is_owners) {
    if (!passage.admission.empty())
        if (auto fault = fault_of(nft, admission_skeleton(table_of(passage.door)))) return fault;
    if (auto fault = record_fault(nft, passage, is_owners)) return fault;
    if (passage.admission.empty()) return {};
    for (const Direction direction : directions)
        if (auto fault = chain_fault(nft, passage, direction, is_owners)) return fault;
    return gate_fault(nft, passage, is_owners);
}

std::vector<std::string> admitted_hashes(Connection& nft, const IsOwners& is_wanted) {
    std::set<std::string> out;
    for (const Table* table : tables)
        for (const Element& element : nft.elements(*table, admissions))
            if (is_wanted(element.comment)) out.insert(nft::parse_owner_key(element.key));
    return {out.begin(), out.end()};
}

std::optional<std::string> admission_problem(Connection& nft, const Admission& admission) {
    if (admission.empty()) return {};
    if (auto problem = nft.rehearse(rehearsal(nft, admission, false))) return problem;
    if (const auto problem = nft.rehearse(rehearsal(nft, admission, true)))
        warn({"rules for containers on bridges are not to be had: ", *problem});
    return {};
}

}  // namespace cni::firewall::nftables
