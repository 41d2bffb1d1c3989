#include "scan.h"

#include <algorithm>

#include "base/undo.h"
#include "lease.h"

namespace cni::host_local {
namespace {

// The entries of the former index by inode.
class Former {
public:
    explicit Former(const LeaseIndex* index) {
        if (!index) return;
        entries_ = index->entries();
        std::ranges::sort(entries_, {}, &IndexEntry::inode);
    }

    bool empty() const { return entries_.empty(); }
    const IndexEntry* find(const Ip& ip, const FileStamp& stamp) const {
        auto entry = std::ranges::lower_bound(entries_, stamp.inode, {}, &IndexEntry::inode);
        for (; entry != entries_.end() && entry->inode == stamp.inode; ++entry)
            if (entry->changed == stamp.changed && entry->ip() == ip) return &*entry;
        return nullptr;
    }

private:
    std::vector<IndexEntry> entries_;
};

class Scan {
public:
    Scan(const LeaseDir& dir, const ScanBasis& basis)
        : dir_(dir), basis_(basis), former_(basis.former) {}

    std::vector<IndexEntry> run() {
        LeaseDraft::remove_leftover(dir_);
        for (const Ip& ip : dir_.addresses()) look_at(ip);
        return std::move(found_);
    }

private:
    void look_at(const Ip& ip) {
        const IndexEntry* known = recall(ip);
        if (!known) return read(ip, 0);
        if (is_dead(*known)) return discard(ip);
        const std::uint64_t boot = basis_.knows_boots ? known->boot : 0;
        if (known->changed >= basis_.trusted_before) return read(ip, boot);
        found_.push_back(*known);
        found_.back().boot = boot;
    }

    // The former entry of a file that is still the same.
    const IndexEntry* recall(const Ip& ip) const {
        if (former_.empty()) return nullptr;
        const auto stamp = dir_.stamp(ip);
        return stamp ? former_.find(ip, *stamp) : nullptr;
    }

    void read(const Ip& ip, std::uint64_t boot) {
        const auto file = dir_.load(ip);
        if (!file) return;
        const auto holder = file->content ? Holder::parse(*file->content) : Holder{};
        // Whoever writes leases holds the lock meanwhile, so this one is not being written.
        if (!holder) return discard(ip);
        IndexEntry entry;
        entry.set_ip(ip);
        entry.holder = hash(holder->owner() ? holder->text : std::string());
        entry.inode = file->stamp.inode;
        entry.changed = file->stamp.changed;
        entry.boot = boot;
        found_.push_back(entry);
    }

    // What cannot be removed keeps its address taken; that is no reason to fail.
    void discard(const Ip& ip) {
        try {
            dir_.remove(ip);
        } catch (const SysError& error) {
            warn(error.what());
        }
    }

    bool is_dead(const IndexEntry& known) const {
        return basis_.knows_boots && known.boot != 0 && known.boot != basis_.boot;
    }

    const LeaseDir& dir_;
    const ScanBasis& basis_;
    const Former former_;
    std::vector<IndexEntry> found_;
};

}  // namespace

std::vector<IndexEntry> scan(const LeaseDir& dir, const ScanBasis& basis) {
    return Scan(dir, basis).run();
}

}  // namespace cni::host_local
