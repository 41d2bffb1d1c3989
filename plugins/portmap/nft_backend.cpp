#include "nft_backend.h"

#include <algorithm>
#include <array>

#include "netfilter/nft_commit.h"
#include "nft_record.h"
#include "nft_reference.h"

namespace cni::portmap::nftables {
namespace {

using nft::Batch;
using nft::Connection;

constexpr std::array families{Family::v4, Family::v6};

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
        if (w.record.mappings.size() > most_mappings || !looks_intact(nft, w.record)) return false;
        put(batch, w.record, *w.forwarding);
    }
    return nft.try_commit(std::move(batch)) == nft::Outcome::done;
}

/// Removes a record; `keys` holds what goes with it.
void put_removal(Connection& nft, Batch& batch, const Record& record, Keys keys) {
    keys.add(nft, record, Keys::Whose::own);
    keys.put_deletion(batch, table_of(record.family));
    put_deletion(batch, record);
}

void put_replacement(Connection& nft, Batch& batch, const Wanted& wanted) {
    const Record& record = wanted.record;
    Skeleton(record.family).put(nft, batch, record.lengths());
    Keys in_the_way;
    in_the_way.add(nft, record, Keys::Whose::anybodys);
    if (const auto earlier = find_record(nft, record.family, record.hashes))
        put_removal(nft, batch, *earlier, std::move(in_the_way));
    else
        in_the_way.put_deletion(batch, table_of(record.family));
    put(batch, record, *wanted.forwarding);
}

void put_removal(Connection& nft, Batch& batch, const std::string& hashes,
                 std::vector<Forwarded>& removed) {
    for (const Family family : families)
        if (const auto record = find_record(nft, family, hashes)) {
            put_removal(nft, batch, *record, {});
            removed.insert(removed.end(), record->mappings.begin(), record->mappings.end());
        }
}

}  // namespace

void add(Connection& nft, const std::vector<Forwarding>& forwardings) {
    const std::vector<Wanted> wanted = wanted_records(forwardings);
    if (wanted.empty() || try_to_add(nft, wanted)) return;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        for (const Wanted& w : wanted) put_replacement(nft, batch, w);
    });
}

void displace(Connection& nft, const std::vector<Forwarding>& forwardings) {
    const std::vector<Wanted> wanted = wanted_records(forwardings);
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        for (const Wanted& w : wanted) {
            Keys in_the_way;
            in_the_way.add(nft, w.record, Keys::Whose::anybodys);
            in_the_way.put_deletion(batch, table_of(w.record.family));
        }
    });
}

void check(Connection& nft, const std::vector<Forwarding>& forwardings) {
    for (const Wanted& w : wanted_records(forwardings)) check(nft, w.record, *w.forwarding);
}

std::vector<Forwarded> remove(Connection& nft, const Owner& owner) {
    std::vector<Forwarded> removed;
    nft::commit_unchanged(nft, "ports are mapped", [&](Batch& batch) {
        removed.clear();
        put_removal(nft, batch, owner_hashes(owner), removed);
        for (const Family family : families)
            put_removal_of_reference(nft, batch, family, owner.container_id, removed);
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
            put_removal(nft, batch, hashes, its);
        });
        removed.insert(removed.end(), its.begin(), its.end());
    }
    return removed;
}

std::optional<std::string> problem(Connection& nft) {
    const Skeleton skeleton(Family::v4);
    if (skeleton.looks_intact(nft, 0)) return {};
    Batch batch;
    skeleton.put_new(batch, {Ip::any(Family::v4).bits()});
    return nft.rehearse(std::move(batch));
}

}  // namespace cni::portmap::nftables
