#include "memory.h"

#include <time.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "boot_mark.h"

namespace cni::host_local {
namespace {

std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * ns_per_s + time.tv_nsec;
}

// By hashes of another kind than those of holders.
std::uint64_t place_hash(const LeaseIndex& index, const Ip& ip) {
    return index.hash(cat("address ", ip.to_string()));
}

IndexEntry new_place(const LeaseIndex& index, const Ip& ip) {
    IndexEntry place;
    place.set_place(ip);
    place.holder = place_hash(index, ip);
    place.changed = IndexEntry::never;
    return place;
}

IndexEntry owned(std::uint64_t owner, const Ip& ip) {
    IndexEntry entry;
    entry.set_owned(ip);
    entry.holder = owner;
    return entry;
}

std::vector<IndexEntry> gone_since(const LeaseIndex& former,
                                   const std::vector<IndexEntry>& leases) {
    std::set<Ip> there;
    for (const IndexEntry& lease : leases) there.insert(lease.ip());
    std::vector<IndexEntry> gone = former.entries().list;
    std::erase_if(gone, [&](const IndexEntry& lease) { return there.contains(lease.ip()); });
    return gone;
}

}  // namespace

std::uint64_t Memory::hash_of(std::string_view owner) const {
    return index_.hash(cat("owner ", owner));
}

IndexEntry Memory::place_of(const Ip& ip) const {
    const IndexEntry unknown = new_place(index_, ip);
    for (const IndexEntry& hint : index_.find_hints(unknown.holder))
        if (hint.is_place() && hint.ip() == ip) return hint;
    return unknown;
}

void Memory::put_place(const IndexEntry& place) {
    if (place.inode == 0 && place.changed == IndexEntry::never)
        index_.erase(place);
    else
        index_.put_hint(place);
}

std::int64_t Memory::rest_left(const IndexEntry& place, std::int64_t cooldown) const {
    if (place.changed == IndexEntry::never) return 0;
    const std::int64_t since = place.boot == boot_ ? place.changed : 0;
    const std::int64_t rested = now() - since;
    const std::int64_t left = cooldown * ns_per_s - rested;
    if (rested < 0 || left <= 0) return 0;
    return (left + ns_per_s - 1) / ns_per_s;
}

std::int64_t Memory::rest_left(const Ip& ip, std::int64_t cooldown) const {
    return cooldown == 0 ? 0 : rest_left(place_of(ip), cooldown);
}

std::vector<Memory::Rest> Memory::resting(std::int64_t cooldown) const {
    std::vector<Rest> all;
    if (cooldown == 0 || index_.header().hints == 0) return all;
    for (const IndexEntry& hint : index_.hints()) {
        if (!hint.is_place()) continue;
        const std::int64_t left = rest_left(hint, cooldown);
        if (left > 0) all.push_back({hint.ip(), left});
    }
    return all;
}

void Memory::begin_rest(const Ip& ip) {
    IndexEntry place = place_of(ip);
    place.changed = now();
    place.boot = boot_;
    put_place(place);
}

std::vector<Ip> Memory::had_by(std::string_view owner) const {
    const std::uint64_t hash = hash_of(owner);
    std::vector<Ip> ips;
    for (const IndexEntry& hint : index_.find_hints(hash))
        if (!hint.is_place() && place_of(hint.ip()).inode == hash) ips.push_back(hint.ip());
    return ips;
}

void Memory::disown(const Ip& ip) {
    IndexEntry place = place_of(ip);
    if (place.inode == 0) return;
    index_.erase(owned(place.inode, ip));
    place.inode = 0;
    put_place(place);
}

void Memory::keep(std::string_view owner, const Ip& ip, const std::vector<Ip>& former) {
    for (const Ip& other : former)
        if (other != ip) disown(other);
    const std::uint64_t hash = hash_of(owner);
    if (place_of(ip).inode != hash) disown(ip);
    // Also when it was so before: what was used last is forgotten last.
    IndexEntry place = place_of(ip);
    place.inode = hash;
    put_place(place);
    index_.put_hint(owned(hash, ip));
}

std::vector<IndexEntry> Memory::carried_over(const LeaseIndex& former, std::uint64_t boot,
                                             const std::vector<IndexEntry>& leases, bool rests) {
    if (former.header().hints == 0 && !rests) return {};
    std::vector<IndexEntry> hints = former.hints();
    if (!rests) return hints;
    std::map<Ip, IndexEntry> places;
    for (const IndexEntry& hint : hints)
        if (hint.is_place()) places.emplace(hint.ip(), hint);
    std::erase_if(hints, [](const IndexEntry& hint) { return hint.is_place(); });
    for (const IndexEntry& lease : gone_since(former, leases)) {
        const Ip ip = lease.ip();
        IndexEntry& place = places.emplace(ip, new_place(former, ip)).first->second;
        const bool ended_with_its_boot = lease.boot != 0 && lease.boot != boot;
        place.changed = ended_with_its_boot ? 0 : now();
        place.boot = boot;
        place.proof = place.proof_by(former.header().key);
    }
    for (const auto& [ip, place] : places) hints.push_back(place);
    return hints;
}

}  // namespace cni::host_local
