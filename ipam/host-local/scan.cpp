#include "scan.h"

#include <algorithm>

#include "base/warn.h"
#include "lease.h"
#include "lease_draft.h"

namespace cni::host_local {
namespace {

// The entries of the former index by inode.
class Former {
public:
    explicit Former(const LeaseIndex* index) {
        if (!index) return;
        entries_ = index->entries().list;
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
        if (basis_.removes) LeaseDraft::remove_leftover(dir_);
        for (const Ip& ip : dir_.addresses()) look_at(ip);
        return std::move(found_);
    }

private:
    void look_at(const Ip& ip) {
        const auto stamp = former_.empty() ? std::nullopt : dir_.stamp(ip);
        const IndexEntry* known = stamp ? former_.find(ip, *stamp) : nullptr;
        if (!known) return read(ip, 0);
        const std::uint64_t remembered = basis_.knows_boots ? known->boot : 0;
        if (known->changed >= basis_.trusted_before) return read(ip, remembered);
        const std::uint64_t boot = boot_of(*stamp, remembered);
        if (is_dead(boot)) return discard(ip);
        found_.push_back(*known);
        found_.back().boot = boot;
    }

    void read(const Ip& ip, std::uint64_t remembered) {
        const auto file = dir_.load(ip);
        if (!file) return;
        const auto holder = file->content ? Holder::parse(*file->content) : Holder{};
        const std::uint64_t boot = boot_of(file->stamp, remembered);
        // Whoever writes leases holds the lock, so one without a holder is not being written.
        if (!holder || is_dead(boot)) return discard(ip);
        IndexEntry entry;
        entry.set_ip(ip);
        entry.holder = holder->hash(basis_.key);
        entry.inode = file->stamp.inode;
        entry.changed = file->stamp.changed;
        entry.boot = boot;
        found_.push_back(entry);
    }

    // In which a lease was made, as the index remembers or as the file itself says; 0: unknown.
    std::uint64_t boot_of(const FileStamp& stamp, std::uint64_t remembered) const {
        if (remembered != 0) return remembered;
        switch (basis_.mark.read(stamp)) {
            case BootMark::Boot::current:
                return basis_.boot;
            case BootMark::Boot::earlier:
                return ~basis_.boot;
            case BootMark::Boot::unknown:
                break;
        }
        return 0;
    }

    // What cannot be removed keeps its address taken; that is no reason to fail.
    void discard(const Ip& ip) {
        if (!basis_.removes) return;
        try {
            dir_.remove(ip);
        } catch (const SysError& error) {
            warn(error.what());
        }
    }

    bool is_dead(std::uint64_t boot) const { return boot != 0 && boot != basis_.boot; }

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
