#include "lease_store.h"

#include <time.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/undo.h"
#include "machine.h"
#include "scan.h"

namespace cni::host_local {
namespace {

// Beside the directory, not in it: the reference plugin reads every file there. No network can
// have this name, since names start with a letter or digit.
std::string index_name(const LeaseDir& dir) {
    return cat(".", dir.network(), ".cnixx-index");
}

std::int64_t now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

// The former header told from this machine's point of view.
IndexHeader next_header(const IndexHeader& former, std::uint64_t boot) {
    IndexHeader header;
    header.boot = boot;
    header.machine = this_machine();
    const bool two_machines =
        former.machine != 0 && header.machine != 0 && former.machine != header.machine;
    header.shared = former.shared != 0 || two_machines;
    return header;
}

bool knows_boots(const IndexHeader& header) {
    return header.machine != 0 && header.boot != 0 && header.shared == 0;
}

}  // namespace

LeaseStore::LeaseStore(LeaseDir dir)
    : dir_(std::move(dir)),
      lock_(dir_.open_lock(), dir_.path_of("lock")),
      is_local_(!is_on_network_file_system(dir_.fd())),
      boot_(current_boot()),
      index_(load()) {}

LeaseStore::~LeaseStore() {
    draft_.reset();
    seal();
}

LeaseIndex LeaseStore::load() const {
    // Caches of a network file system may hide what another machine did: always read the leases.
    if (!is_local_) return LeaseIndex::in_memory({}, scan(dir_, {}));
    auto index = LeaseIndex::open(dir_.parent(), index_name(dir_));
    if (!index) return rebuild(nullptr, 0);
    const IndexHeader& header = index->header();
    if (boot_ != 0 && header.boot == boot_ && header.seal == dir_.mtime()) return *std::move(index);
    // A lease may have been replaced within the tick of the kernel's clock in which it was sealed;
    // only before that a file's stamp tells the two apart.
    return rebuild(&*index, header.sealed_at);
}

LeaseIndex LeaseStore::rebuild(const LeaseIndex* former, std::int64_t trusted_before) const {
    const IndexHeader former_header = former ? former->header() : IndexHeader{};
    const IndexHeader header = next_header(former_header, boot_);
    const ScanBasis basis{
        .boot = boot_,
        .former = former,
        .trusted_before = trusted_before,
        .knows_boots = knows_boots(header) && former_header.machine == header.machine};
    return LeaseIndex::build(dir_.parent(), index_name(dir_), header, scan(dir_, basis));
}

bool LeaseStore::proves(const Ip& ip, const std::string& holder) const {
    const auto content = dir_.read(ip);
    return content && trim(*content) == holder;
}

std::optional<std::vector<Lease>> LeaseStore::find(const std::string& holder) const {
    std::vector<Lease> leases;
    for (const IndexEntry& entry : index_.find(hash(holder))) {
        if (!proves(entry.ip(), holder)) return {};
        leases.push_back({entry.ip(), holder});
    }
    return leases;
}

std::vector<Lease> LeaseStore::find_or_rebuild(const std::string& holder) {
    if (auto leases = find(holder)) return *std::move(leases);
    index_ = is_local_ ? rebuild(&index_, 0) : LeaseIndex::in_memory({}, scan(dir_, {}));
    return find(holder).value_or(std::vector<Lease>{});
}

std::vector<Lease> LeaseStore::held_by(const AttachmentId& owner) {
    auto leases = find_or_rebuild(lease_text(owner));
    return leases.empty() ? find_or_rebuild(owner.container_id) : leases;
}

std::vector<Ip> LeaseStore::taken() const {
    std::vector<Ip> ips;
    for (const IndexEntry& entry : index_.entries()) ips.push_back(entry.ip());
    return ips;
}

std::vector<Ip> LeaseStore::ownerless() const {
    std::vector<Ip> ips;
    for (const IndexEntry& entry : index_.find(hash(""))) ips.push_back(entry.ip());
    std::ranges::sort(ips);
    return ips;
}

std::string LeaseStore::holder_of(const Ip& ip) const {
    const auto content = dir_.read(ip);
    const auto holder = content ? Holder::parse(*content) : std::nullopt;
    const auto owner = holder ? holder->owner() : std::nullopt;
    if (!owner) return "nobody known";
    return owner->ifname.empty() ? owner->container_id
                                 : cat(owner->container_id, " ", owner->ifname);
}

bool LeaseStore::claim(const Ip& ip, const AttachmentId& owner) {
    const std::string text = lease_text(owner);
    if (!draft_) draft_.emplace(dir_, text);
    const auto stamp = draft_->publish(ip);
    if (!stamp) return false;
    draft_.reset();

    IndexEntry entry;
    entry.set_ip(ip);
    entry.holder = hash(text);
    entry.inode = stamp->inode;
    entry.changed = stamp->changed;
    entry.boot = boot_;
    index_.insert(entry);
    return true;
}

void LeaseStore::release(const Lease& lease) {
    dir_.remove(lease.ip);
    IndexEntry entry;
    entry.set_ip(lease.ip);
    entry.holder = hash(lease.holder);
    index_.erase(entry);
}

void LeaseStore::retain(const std::vector<AttachmentId>& attachments) {
    std::set<std::uint64_t> kept;
    for (const AttachmentId& attachment : attachments) {
        kept.insert(hash(lease_text(attachment)));
        kept.insert(hash(attachment.container_id));
    }
    Failures failures;
    for (const IndexEntry& entry : index_.entries()) {
        if (kept.contains(entry.holder)) continue;
        const auto content = dir_.read(entry.ip());
        const auto holder = content ? Holder::parse(*content) : std::nullopt;
        // The file decides, not the index.
        if (!holder || !holder->owner() || kept.contains(hash(holder->text))) continue;
        failures.attempt([&] { release({entry.ip(), holder->text}); });
    }
    failures.throw_if_any();
}

// Killed before this, the directory bears the mtime of its last change, and the next call reads it.
// Between the two writes as well: the index then names an mtime the directory does not have.
void LeaseStore::seal() noexcept try {
    if (!is_local_ || index_.header().seal == dir_.mtime()) return;
    const std::int64_t coarse = now(CLOCK_REALTIME_COARSE);
    // The kernel stamps changes with its coarse clock, so this moment is none of a change's.
    const std::int64_t mtime = std::max(now(CLOCK_REALTIME), coarse + 1);
    if (index_.seal(mtime, coarse)) dir_.set_mtime(mtime);
} catch (const Error&) {
    // Unsealed, which the next call sees.
}

}  // namespace cni::host_local
