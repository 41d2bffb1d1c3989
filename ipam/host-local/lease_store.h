#pragma once

#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cni/config.h"
#include "lease.h"
#include "lease_dir.h"
#include "lease_draft.h"
#include "lease_index.h"
#include "memory.h"
#include "occupancy.h"

namespace cni::host_local {

struct Lease {
    Ip ip;
    std::string holder;  ///< text as in Holder
};

/// What becomes of an address that is given back.
enum class Released {
    is_forgotten,
    rests,  ///< since when, is remembered (memory.h), also if somebody else gave it back
};

/// A store that nothing is taken from in earnest.
struct Rehearsal {};

/// The leases of a network. Its existence is the lock: no other process, of this program or of the
/// reference plugin, changes a lease meanwhile.
///
/// The cost of a call does not depend on the number of leases, unless the directory was changed by
/// something else since: then it is read anew. That is seen by its mtime, which this program sets
/// to a moment of its own choice ("seal") whenever it is done, and which every change by others
/// sets to another. So it is when the index turns out to be damaged. The boot id takes part in it:
/// leases this program made in an earlier boot of the machine (the index knows, and BootMark)
/// belong to containers that are gone, and are removed.
class LeaseStore {
public:
    /// Waits for the lock.
    explicit LeaseStore(LeaseDir dir, Released released = Released::is_forgotten);
    /// Behaves like one and changes nothing: takes no lock, keeps what is claimed to itself, and
    /// passes over what would be removed.
    LeaseStore(LeaseDir dir, Rehearsal);
    LeaseStore(const LeaseStore&) = delete;
    LeaseStore& operator=(const LeaseStore&) = delete;
    ~LeaseStore();

    const LeaseDir& dir() const { return dir_; }

    /// The leases of an attachment; when there is none, those of its container in the old form.
    /// Proved by the lease files.
    std::vector<Lease> held_by(const AttachmentId& owner);
    /// Every address that has an entry in the directory.
    std::vector<Ip> taken();
    /// The addresses whose entry is no lease, sorted: DEL never finds them.
    std::vector<Ip> ownerless() const;
    /// Who has an address, for messages: "c1 eth0"; "nobody known" when it is not a lease.
    std::string holder_of(const Ip& ip) const;

    /// Takes an address; false when it is taken already.
    bool claim(const Ip& ip, const AttachmentId& owner);
    bool is_taken(const Ip& ip) const;
    /// An address was the last one given from this set: the search begins behind it.
    void remember(std::size_t set, const Ip& ip) const;
    /// Gives an address back; no-op when it is gone.
    void release(const Lease& lease);
    /// The same of one that nobody has used.
    void take_back(const Lease& lease);
    /// Releases all leases but those of `attachments` and, in the old form, of their containers.
    /// Files that are nobody's lease stay.
    void retain(const std::vector<AttachmentId>& attachments);

    /// What a function makes of what is remembered: again, if a process that was killed has left a
    /// page in the way, on an index that is made anew.
    template <typename F>
    auto with_memory(F function) -> decltype(function(std::declval<Memory&>())) {
        Memory memory(index_, boot_);
        if constexpr (std::is_void_v<decltype(function(memory))>) {
            function(memory);
            if (index_.hides_hints() && uncover_hints()) function(memory);
        } else {
            auto result = function(memory);
            return index_.hides_hints() && uncover_hints() ? function(memory) : result;
        }
    }
    /// Valid until the store is asked for anything else; not kept before chart() was called.
    Occupancy occupancy() { return Occupancy(index_); }
    /// From now on all that is taken is on a map, by which the next free address is found at once.
    void chart();

private:
    LeaseIndex load() const;
    LeaseIndex rebuild(const LeaseIndex* former, std::int64_t trusted_before) const;
    struct Search {
        std::vector<Lease> leases;  ///< proved
        bool sound = true;          ///< the index does not contradict itself or the lease files
    };
    Search find(const std::string& holder) const;
    std::vector<Lease> find_or_rebuild(const std::string& holder);
    bool uncover_hints() noexcept;
    std::vector<IndexEntry> entries();
    std::optional<Holder> holder_in_file(const Ip& ip) const;
    void seal() noexcept;

    LeaseDir dir_;
    std::optional<FileLock> lock_;
    Released released_;
    /// Of a rehearsal: what is taken, and would be.
    std::optional<std::set<Ip>> rehearsed_;
    bool is_local_;
    std::uint64_t boot_;
    LeaseIndex index_;
    std::optional<LeaseDraft> draft_;
    bool has_uncovered_ = false;
};

}  // namespace cni::host_local
