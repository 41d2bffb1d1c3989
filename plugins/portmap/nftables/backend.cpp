#include "backend.h"

#include <algorithm>
#include <set>

#include "netfilter/nft_commit.h"
#include "netfilter/owner_key.h"
#include "record.h"
#include "reference.h"
#include "shared.h"

namespace cni::portmap::nftables {
namespace {

using nft::Batch;
using nft::Connection;

bool looks_intact(Connection& nft, const Record& record) {
    return Skeleton(record.family).looks_intact(nft, record.lengths().size());
}

/// Without looking whether something is in the way: usually nothing is.
bool try_to_add(Connection& nft, const std::vector<Forwarding>& forwardings) {
    // The kernel answers for each message that fails: more do not fit into the socket's buffer.
    constexpr std::size_t most_mappings = 1000;
    Batch batch;
    for (const Forwarding& forwarding : forwardings) {
        if (forwarding.empty()) continue;
        const Record record = record_of(forwarding);
        if (record.translations.size() > most_mappings || !looks_intact(nft, record) ||
            has_reference_rules(nft, record.family))
            return false;
        put(batch, record, forwarding);
        for (const auto& [set, elements] : shared_elements(record))
            batch.create_elements(table_of(record.family), set, elements);
    }
    return nft.try_commit(std::move(batch)) == nft::Outcome::done;
}

/// Adds to `kept` what stays in force instead of what is wanted.
void put_replacement(Connection& nft, Batch& batch, const Forwarding& forwarding,
                     Translations& kept) {
    const Record record = record_of(forwarding);
    Skeleton(record.family).put(nft, batch, record.lengths());
    Shared shared(nft, record.family);
    const auto earlier = find_record(nft, record.family, forwarding.owner);
    if (earlier)
        shared.release(*earlier);
    else
        require_no_record(nft, record.family, forwarding.owner);
    append(kept, shared.take(record, forwarding.leads_out));
    append(kept, put_displacement_of_reference(nft, batch, record, forwarding.leads_out));
    shared.put_deletions(batch);
    if (earlier) put_deletion(batch, *earlier);
    put(batch, record, forwarding);
    shared.put_creations(batch);
}

void put_removal(Connection& nft, Batch& batch, const std::optional<Record>& record,
                 Translations& removed) {
    if (!record) return;
    Shared shared(nft, record->family);
    shared.release(*record);
    shared.put_deletions(batch);
    put_deletion(batch, *record);
    shared.put_creations(batch);
    append(removed, record->translations);
}

}  // namespace

Translations add(Connection& nft, const std::vector<Forwarding>& forwardings) {
    Translations kept;
    if (std::ranges::all_of(forwardings, &Forwarding::empty) || try_to_add(nft, forwardings))
        return kept;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        kept.clear();
        for (const Forwarding& forwarding : forwardings)
            if (!forwarding.empty()) put_replacement(nft, batch, forwarding, kept);
    });
    return kept;
}

void displace(Connection& nft, const std::vector<Forwarding>& forwardings) {
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        for (const Forwarding& forwarding : forwardings) {
            // Not once for each mapping.
            if (forwarding.empty() || !nft.has_table(table_of(forwarding.family()))) continue;
            const Record record = record_of(forwarding);
            Shared shared(nft, record.family);
            shared.displace(record);
            shared.put_deletions(batch);
            shared.put_creations(batch);
            put_displacement_of_reference(nft, batch, record, forwarding.leads_out);
        }
    });
}

void check(Connection& nft, const std::vector<Forwarding>& forwardings) {
    for (const Forwarding& forwarding : forwardings)
        if (!forwarding.empty()) check(nft, forwarding);
}

Translations remove(Connection& nft, const Owner& owner, const std::vector<Ip>& addresses) {
    Translations removed;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        removed.clear();
        for (const Family family : both_families) {
            put_removal(nft, batch, find_record(nft, family, owner), removed);
            put_removal_of_reference(nft, batch, family, owner.container_id, addresses, removed);
        }
    });
    return removed;
}

Translations gc(Connection& nft, const std::string& network, const std::vector<Owner>& valid) {
    std::set<std::string> kept, stale;
    for (const Owner& owner : valid)
        kept.insert(owner_hashes({network, owner.container_id, owner.ifname}));
    const std::string of_network = network_hash(network);
    for (const Family family : both_families)
        for (const nft::Element& element : nft.elements(table_of(family), attachments))
            if (const auto hashes = nft::parse_owner_key(element.key);
                hashes.starts_with(of_network))
                stale.insert(hashes);

    Translations removed;
    for (const std::string& hashes : stale) {
        if (kept.contains(hashes)) continue;
        Translations its;
        nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
            its.clear();
            for (const Family family : both_families)
                put_removal(nft, batch, find_record(nft, family, network, hashes), its);
        });
        append(removed, its);
    }
    return removed;
}

bool is_mapped(Connection& nft, const Flow& flow) {
    const Translation exact{
        {flow.protocol, flow.destination, flow.port}, flow.answers_from, flow.answering_port};
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
