#include "backend.h"

#include <algorithm>
#include <array>

#include "netfilter/nft_commit.h"
#include "record.h"
#include "reference.h"
#include "shared.h"

namespace cni::portmap::nftables {
namespace {

using nft::Batch;
using nft::Connection;

constexpr std::array families{Family::v4, Family::v6};

void append(std::vector<Forwarded>& to, const std::vector<Forwarded>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

struct Wanted {
    Record record;
    const Forwarding* forwarding;
};

std::vector<Wanted> wanted_records(const std::vector<Forwarding>& forwardings) {
    std::vector<Wanted> out;
    for (const Forwarding& f : forwardings)
        if (Record record = record_of(f); !record.mappings.empty())
            out.push_back({std::move(record), &f});
    return out;
}

bool looks_intact(Connection& nft, const Record& record) {
    return Skeleton(record.family).looks_intact(nft, record.lengths().size());
}

/// Without looking whether something is in the way: usually nothing is.
bool try_to_add(Connection& nft, const std::vector<Wanted>& wanted) {
    // The kernel answers for each message that fails: more do not fit into the socket's buffer.
    constexpr std::size_t most_mappings = 1000;
    Batch batch;
    for (const Wanted& w : wanted) {
        if (w.record.mappings.size() > most_mappings || !looks_intact(nft, w.record) ||
            has_reference_rules(nft, w.record.family))
            return false;
        put(batch, w.record, *w.forwarding);
        for (const auto& [set, elements] : shared_elements(w.record))
            batch.create_elements(table_of(w.record.family), set, elements);
    }
    return nft.try_commit(std::move(batch)) == nft::Outcome::done;
}

/// Adds to `kept` what stays in force instead of what is wanted.
void put_replacement(Connection& nft, Batch& batch, const Wanted& wanted,
                     std::vector<Forwarded>& kept) {
    const Record& record = wanted.record;
    const Owner& owner = wanted.forwarding->owner;
    const bool goes_first = wanted.forwarding->leads_out;
    Skeleton(record.family).put(nft, batch, record.lengths());
    Shared shared(nft, record.family);
    const auto earlier = find_record(nft, record.family, owner);
    if (earlier)
        shared.release(*earlier);
    else
        require_no_record(nft, record.family, owner);
    append(kept, shared.take(record, goes_first));
    append(kept, put_displacement_of_reference(nft, batch, record, goes_first));
    shared.put_deletions(batch);
    if (earlier) put_deletion(batch, *earlier);
    put(batch, record, *wanted.forwarding);
    shared.put_creations(batch);
}

void put_removal(Connection& nft, Batch& batch, const std::optional<Record>& record,
                 std::vector<Forwarded>& removed) {
    if (!record) return;
    Shared shared(nft, record->family);
    shared.release(*record);
    shared.put_deletions(batch);
    put_deletion(batch, *record);
    shared.put_creations(batch);
    append(removed, record->mappings);
}

}  // namespace

std::vector<Forwarded> add(Connection& nft, const std::vector<Forwarding>& forwardings) {
    std::vector<Forwarded> kept;
    const std::vector<Wanted> wanted = wanted_records(forwardings);
    if (wanted.empty() || try_to_add(nft, wanted)) return kept;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        kept.clear();
        for (const Wanted& w : wanted) put_replacement(nft, batch, w, kept);
    });
    return kept;
}

void displace(Connection& nft, const std::vector<Forwarding>& forwardings) {
    const std::vector<Wanted> wanted = wanted_records(forwardings);
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        for (const Wanted& w : wanted) {
            // Not once for each mapping.
            if (!nft.has_table(table_of(w.record.family))) continue;
            Shared shared(nft, w.record.family);
            shared.displace(w.record);
            shared.put_deletions(batch);
            shared.put_creations(batch);
            put_displacement_of_reference(nft, batch, w.record, w.forwarding->leads_out);
        }
    });
}

void check(Connection& nft, const std::vector<Forwarding>& forwardings) {
    for (const Wanted& w : wanted_records(forwardings)) check(nft, w.record, *w.forwarding);
}

std::vector<Forwarded> remove(Connection& nft, const Owner& owner,
                              const std::vector<Ip>& addresses) {
    std::vector<Forwarded> removed;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        removed.clear();
        for (const Family family : families) {
            put_removal(nft, batch, find_record(nft, family, owner), removed);
            put_removal_of_reference(nft, batch, family, owner.container_id, addresses, removed);
        }
    });
    return removed;
}

std::vector<Forwarded> gc(Connection& nft, const std::string& network,
                          const std::vector<Owner>& valid) {
    std::set<std::string> kept, stale;
    for (const Owner& owner : valid)
        kept.insert(owner_hashes({network, owner.container_id, owner.ifname}));
    const std::string of_network = network_hash(network);
    for (const Family family : families)
        for (const nft::Element& element : nft.elements(table_of(family), attachments))
            if (const auto hashes = parse_hashes(element.key); hashes.starts_with(of_network))
                stale.insert(hashes);

    std::vector<Forwarded> removed;
    for (const std::string& hashes : stale) {
        if (kept.contains(hashes)) continue;
        std::vector<Forwarded> its;
        nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
            its.clear();
            for (const Family family : families)
                put_removal(nft, batch, find_record(nft, family, network, hashes), its);
        });
        append(removed, its);
    }
    return removed;
}

bool is_mapped(Connection& nft, const Flow& flow) {
    const Forwarded exact{flow.protocol, flow.destination, flow.port, flow.answers_from,
                          flow.answering_port};
    const nft::Element wanted = mapping_element(exact);
    const auto found = nft.find_element(table_of(flow.destination.family()), mappings, wanted.key);
    return found && found->value == wanted.value;
}

std::optional<std::string> problem(Connection& nft) {
    const Skeleton skeleton(Family::v4);
    if (skeleton.looks_intact(nft, 0)) return {};
    Batch batch;
    skeleton.put_new(batch, {Ip::any(Family::v4).bits()});
    return nft.rehearse(std::move(batch));
}

}  // namespace cni::portmap::nftables
