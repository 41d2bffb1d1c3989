#include "lease_store.h"

#include <time.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "base/undo.h"
#include "machine.h"
#include "scan.h"

namespace cni::host_local {
namespace {

// Beside the directory, not in it: the reference plugin reads every file there. No network can
// have this name, since names start with a letter or digit; nor does one have a "~".
std::string index_name(const LeaseDir& dir) {
    constexpr std::size_t longest = 200;  // with what is put around it a file name, of 255 bytes
    const std::string& network = dir.network();
    if (network.size() <= longest) return cat(".", network, ".cnixx-index");
    constexpr std::size_t digits = 32;
    return cat(".", network.substr(0, longest - digits), "~", sha512_hex(network).substr(0, digits),
               ".cnixx-index");
}

std::int64_t now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

// The header of the next index, as this machine has to write it.
IndexHeader next_header(const IndexHeader& former, bool same_key, std::uint64_t boot) {
    IndexHeader header;
    header.boot = boot;
    header.machine = this_machine();
    const bool two_machines =
        former.machine != 0 && header.machine != 0 && former.machine != header.machine;
    header.shared = former.shared != 0 || two_machines;
    header.key = same_key ? former.key : HashKey::random();
    header.turn = same_key ? former.turn : 0;
    return header;
}

bool knows_boots(const IndexHeader& header) {
    return header.machine != 0 && header.boot != 0 && header.shared == 0;
}

BootMark mark_of(const IndexHeader& header) {
    return knows_boots(header) ? BootMark(header.machine, header.boot) : BootMark();
}

}  // namespace

LeaseStore::LeaseStore(LeaseDir dir, Released released)
    : dir_(std::move(dir)),
      lock_(std::in_place, dir_.open_lock(), dir_.path_of("lock")),
      released_(released),
      is_local_(!is_on_network_file_system(dir_.fd())),
      boot_(current_boot()),
      index_(load()) {}

LeaseStore::LeaseStore(LeaseDir dir, Rehearsal)
    : dir_(std::move(dir)),
      released_(Released::is_forgotten),
      rehearsed_(std::in_place),
      is_local_(true),
      boot_(current_boot()),
      index_(load()) {
    for (const IndexEntry& entry : index_.entries().list) rehearsed_->insert(entry.ip());
}

LeaseStore::~LeaseStore() {
    draft_.reset();
    seal();
}

LeaseIndex LeaseStore::load() const {
    auto index = is_local_ ? LeaseIndex::open(dir_.parent(), index_name(dir_)) : std::nullopt;
    if (!index) return rebuild(nullptr, 0);
    const IndexHeader& header = index->header();
    if (!index->is_current()) return rebuild(&*index, 0);
    if (!rehearsed_ && boot_ != 0 && header.boot == boot_ && header.seal == dir_.mtime())
        return *std::move(index);
    // A lease may have been replaced within the tick of the kernel's clock in which it was sealed;
    // only before that a file's stamp tells the two apart.
    return rebuild(&*index, header.sealed_at);
}

LeaseIndex LeaseStore::rebuild(const LeaseIndex* former, std::int64_t trusted_before) const {
    // Caches of a network file system may hide what another machine did: always read the leases.
    if (!is_local_) {
        IndexHeader header;
        header.key = HashKey::random();
        return LeaseIndex::in_memory(header, scan(dir_, {.key = header.key}));
    }
    const IndexHeader former_header = former ? former->header() : IndexHeader{};
    const IndexHeader header = next_header(former_header, former && former->is_current(), boot_);
    const ScanBasis basis{
        .key = header.key,
        .boot = boot_,
        .mark = mark_of(header),
        .former = former,
        .trusted_before = trusted_before,
        .knows_boots = knows_boots(header) && former_header.machine == header.machine,
        .removes = !rehearsed_};
    std::vector<IndexEntry> all = scan(dir_, basis);
    if (former && former->is_current()) {
        const auto hints = Memory::carried_over(*former, boot_, all, released_ == Released::rests);
        all.insert(all.end(), hints.begin(), hints.end());
    }
    if (rehearsed_) return LeaseIndex::in_memory(header, all);
    return LeaseIndex::build(dir_.parent(), index_name(dir_), header, all);
}

std::optional<Holder> LeaseStore::holder_in_file(const Ip& ip) const {
    const auto content = dir_.read(ip);
    return content ? Holder::parse(*content) : std::nullopt;
}

LeaseStore::Search LeaseStore::find(const std::string& holder) const {
    Search search;
    const std::uint64_t hash = index_.hash(holder);
    const auto candidates = index_.find(hash);
    if (!candidates) return {.leases = {}, .sound = false};
    for (const IndexEntry& entry : *candidates) {
        const auto found = holder_in_file(entry.ip());
        if (found && found->text == holder)
            search.leases.push_back({entry.ip(), holder});
        else if (!found || found->hash(index_.header().key) != hash)
            search.sound = false;  // not just another holder with the same hash
    }
    return search;
}

std::vector<Lease> LeaseStore::find_or_rebuild(const std::string& holder) {
    Search search = find(holder);
    if (search.sound) return std::move(search.leases);
    index_ = rebuild(&index_, 0);
    return find(holder).leases;
}

std::vector<Lease> LeaseStore::held_by(const AttachmentId& owner) {
    auto leases = find_or_rebuild(lease_text(owner));
    return leases.empty() ? find_or_rebuild(owner.container_id) : leases;
}

std::vector<IndexEntry> LeaseStore::entries() {
    auto entries = index_.entries();
    if (!entries.complete) {
        index_ = rebuild(&index_, 0);
        entries = index_.entries();
    }
    return std::move(entries.list);
}

std::vector<Ip> LeaseStore::taken() {
    std::vector<Ip> ips;
    for (const IndexEntry& entry : entries()) ips.push_back(entry.ip());
    return ips;
}

std::vector<Ip> LeaseStore::ownerless() const {
    std::vector<Ip> ips;
    const auto found = index_.find(Holder{}.hash(index_.header().key));
    for (const IndexEntry& entry : found.value_or(std::vector<IndexEntry>{}))
        ips.push_back(entry.ip());
    std::ranges::sort(ips);
    return ips;
}

std::string LeaseStore::holder_of(const Ip& ip) const {
    const auto holder = holder_in_file(ip);
    const auto owner = holder ? holder->owner() : std::nullopt;
    if (!owner) return "nobody known";
    return owner->ifname.empty() ? owner->container_id
                                 : cat(owner->container_id, " ", owner->ifname);
}

bool LeaseStore::is_taken(const Ip& ip) const {
    return rehearsed_ ? rehearsed_->contains(ip) : dir_.stamp(ip).has_value();
}

void LeaseStore::remember(std::size_t set, const Ip& ip) const {
    if (!rehearsed_) dir_.write_last_reserved(set, ip);
}

bool LeaseStore::claim(const Ip& ip, const AttachmentId& owner) {
    if (rehearsed_) return rehearsed_->insert(ip).second;
    const std::string text = lease_text(owner);
    if (!draft_) draft_.emplace(dir_, text, mark_of(index_.header()).mtime(now(CLOCK_REALTIME)));
    const auto stamp = draft_->publish(ip);
    if (!stamp) return false;
    draft_.reset();

    IndexEntry entry;
    entry.set_ip(ip);
    entry.holder = index_.hash(text);
    entry.inode = stamp->inode;
    entry.changed = stamp->changed;
    entry.boot = boot_;
    index_.insert(entry);
    occupancy().note(ip, Occupancy::Place::taken);
    return true;
}

// It rests before it is free: killed between the two, the next DEL releases it once more.
void LeaseStore::release(const Lease& lease) {
    if (released_ == Released::rests)
        with_memory([&](Memory& memory) { memory.begin_rest(lease.ip); });
    take_back(lease);
}

void LeaseStore::take_back(const Lease& lease) {
    if (rehearsed_) {
        rehearsed_->erase(lease.ip);
        return;
    }
    dir_.remove(lease.ip);
    IndexEntry entry;
    entry.set_ip(lease.ip);
    entry.holder = index_.hash(lease.holder);
    index_.erase(entry);
    occupancy().note(lease.ip, Occupancy::Place::free);
}

// Once in a call: what cannot be read then is not remembered.
bool LeaseStore::uncover_hints() noexcept try {
    if (std::exchange(has_uncovered_, true)) return false;
    index_ = rebuild(&index_, 0);
    return true;
} catch (const std::exception&) {
    return false;
}

void LeaseStore::chart() {
    if (!occupancy().is_kept()) occupancy().chart(taken());
}

void LeaseStore::retain(const std::vector<AttachmentId>& attachments) {
    std::set<std::string> kept;
    std::set<std::uint64_t> hashes;
    const auto keep = [&](const std::string& text) {
        hashes.insert(index_.hash(text));
        kept.insert(text);
    };
    const auto entries = this->entries();
    for (const AttachmentId& attachment : attachments) {
        keep(lease_text(attachment));
        keep(attachment.container_id);
    }
    Failures failures;
    for (const IndexEntry& entry : entries) {
        // Those that stay are not read. To release one its file decides, not the index.
        if (hashes.contains(entry.holder)) continue;
        const auto holder = holder_in_file(entry.ip());
        if (!holder || !holder->owner() || kept.contains(holder->text)) continue;
        failures.attempt([&] { release({entry.ip(), holder->text}); });
    }
    failures.throw_if_any();
}

// Killed before this, the directory bears the mtime of its last change, and the next call reads it.
// Between the two writes as well: the index then names an mtime the directory does not have.
void LeaseStore::seal() noexcept try {
    if (rehearsed_ || !is_local_ || index_.header().seal == dir_.mtime()) return;
    const std::int64_t coarse = now(CLOCK_REALTIME_COARSE);
    // The kernel stamps changes with its coarse clock, so this moment is none of a change's.
    const std::int64_t mtime = std::max(now(CLOCK_REALTIME), coarse + 1);
    if (index_.seal(mtime, coarse)) dir_.set_mtime(mtime);
} catch (const std::exception&) {
    // Unsealed, which the next call sees.
}

}  // namespace cni::host_local
