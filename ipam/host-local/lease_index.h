#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index_file.h"

namespace cni::host_local {

/// A hash table in a file, from holders to leases: a lookup or a change reads and writes one page
/// of 4 KiB and the page of its proof, whatever the number of leases. It is a hint only: what it
/// says is proved by the lease files, and it can be built from them at any time. Not having it is
/// never an error; when the file cannot be written, memory takes its place for the rest of the
/// call. Without entries there is no file.
///
/// Hints (memory.h) lie in it too, at most `most_hints`: the newest.
///
/// The caller holds the lock of the lease directory. Reading throws SysError only for what is
/// passing (base/passing.h); changing never throws, see seal().
class LeaseIndex {
public:
    /// nullopt when there is none, or none that can be used: not a regular file of this user,
    /// writable by others, of another size or version than it says, its header damaged.
    static std::optional<LeaseIndex> open(int dir, const std::string& name);
    /// An index of these entries that replaces the file in one step. Of `header`, the fields that
    /// describe the table are filled in.
    static LeaseIndex build(int dir, const std::string& name, const IndexHeader& header,
                            const std::vector<IndexEntry>& entries);

    /// One that lasts as long as the object, and vouches for nothing later.
    static LeaseIndex in_memory(const IndexHeader& header, const std::vector<IndexEntry>& entries);

    static constexpr std::size_t most_hints = 1u << 16;

    const IndexHeader& header() const { return file_.header; }
    /// False for one of version 0.1.0, which tells nothing but in which boots leases were made.
    bool is_current() const { return file_.is_current(); }
    /// By which holders are found.
    std::uint64_t hash(std::string_view text) const { return keyed_hash(header().key, text); }

    /// The entries that may be the holder's; nullopt when a page that may have some is not proved.
    std::optional<std::vector<IndexEntry>> find(std::uint64_t holder) const;

    struct Entries {
        std::vector<IndexEntry> list = {};    ///< all in use, of the pages that are proved
        std::vector<IndexEntry> blocks = {};  ///< of the map, likewise
        bool complete = true;                 ///< all pages are
    };
    Entries entries() const;

    void insert(const IndexEntry& entry);
    /// No-op when it is not there.
    void erase(const IndexEntry& entry);

    /// Inserts it in place of the one about the same, if there is one.
    void overwrite(const IndexEntry& entry);

    /// A block of the map; nullopt when there is none, or none that is proved.
    std::optional<IndexEntry> find_block(const IndexEntry& like) const noexcept;
    /// All that is taken is on the map from now on, until the index is made anew.
    void set_mapped() { file_.header.mapped = 1; }
    /// Whether it is a file, or going to be one.
    bool is_lasting() const { return !memory_; }

    /// A page was asked for hints, or was to have one, that is not proved. An index that is made
    /// anew has what it had.
    bool hides_hints() const { return hides_hints_; }

    /// Hints that are found by a hash. What cannot be read or proved for the moment is none.
    std::vector<IndexEntry> find_hints(std::uint64_t hash) const noexcept;
    /// As overwrite(); the proof is filled in.
    void put_hint(IndexEntry hint);
    /// All that prove themselves, whatever became of their pages.
    std::vector<IndexEntry> hints() const;

    /// Records the directory's mtime to be. False when the index does not vouch for the directory,
    /// since writing it failed or there is nothing left to write: then its file is removed.
    bool seal(std::int64_t mtime, std::int64_t now);

private:
    LeaseIndex() = default;
    explicit LeaseIndex(IndexFile file) : file_(std::move(file)) {}
    static LeaseIndex replace(int dir, const std::string& name, const IndexHeader& header,
                              const std::vector<IndexEntry>& entries);
    static void remove(int dir, const std::string& name);
    std::optional<std::vector<IndexEntry>> find_any(std::uint64_t hash) const;
    void count(const IndexEntry& entry, std::uint64_t more);
    void grow(const IndexEntry& entry);
    bool put(const IndexEntry& entry);
    enum class Change { made, not_there, not_proved };
    Change change(const IndexEntry& entry, const IndexEntry* instead);

    int dir_ = -1;  // not owned
    std::string name_;
    IndexFile file_;
    /// In place of the file.
    std::optional<std::vector<IndexEntry>> memory_;
    bool failed_ = false;
    mutable bool hides_hints_ = false;
};

}  // namespace cni::host_local
