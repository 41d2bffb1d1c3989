#include "nft_backend.h"

#include <algorithm>
#include <array>

#include "nft_record.h"
#include "nft_reference.h"

namespace cni::portmap::nftables {
namespace {

using nft::Batch;
using nft::Connection;

constexpr std::array families{Family::v4, Family::v6};

// Between a look and the commit pass some 50 us: this many tries all lost to others mean that
// something is wrong.
constexpr int tries = 200;
// What is missing again and again may be an expression that the kernel does not have.
constexpr int forgiven = 5;

/// Commits what `put` puts into a batch after looking at the ruleset, anew when somebody changed
/// that meanwhile.
template <typename F>
void commit_unchanged(Connection& nft, F&& put) {
    for (int i = 0, missing = 0; i < tries; ++i) {
        const auto generation = nft.generation();
        Batch batch;
        put(batch);
        if (batch.empty()) return;
        if (missing == forgiven) batch.insist();
        const nft::Outcome outcome = nft.try_commit(std::move(batch), generation);
        if (outcome == nft::Outcome::done) return;
        if (outcome != nft::Outcome::changed) ++missing;
    }
    throw Error(Code::try_again_later, "others keep changing nftables while ports are mapped");
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
    commit_unchanged(nft, [&](Batch& batch) {
        for (const Wanted& w : wanted) put_replacement(nft, batch, w);
    });
}

void displace(Connection& nft, const std::vector<Forwarding>& forwardings) {
    const std::vector<Wanted> wanted = wanted_records(forwardings);
    commit_unchanged(nft, [&](Batch& batch) {
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
    commit_unchanged(nft, [&](Batch& batch) {
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
        commit_unchanged(nft, [&](Batch& batch) {
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
